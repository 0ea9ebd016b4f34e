"""A page of text for a person: lines of styled parts, every part made safe on its way in."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

from cyberbrain_cli.render.safe import safe, safe_lines
from cyberbrain_cli.render.screen import paint

Part = str | tuple[str, str]
"""Text, or (style, text) with a style of screen.STYLES."""

_NARROWEST = 40


@dataclass(slots=True)
class Page:
    """Collects lines. `width` 0 means never to wrap: no terminal is looking."""

    color: bool = False
    width: int = 0
    _lines: list[str] = field(default_factory=list)

    def line(self, *parts: Part) -> None:
        """Add a line made of these parts, one after another."""
        self._lines.append("".join(map(self._painted, parts)).rstrip())

    def lines(self, text: str) -> None:
        """Add the lines of a text as they are."""
        for line in text.splitlines():
            self.line(line)

    def paragraph(self, text: str, indent: str, style: str = "") -> None:
        """Add running text, wrapped to the terminal and indented. Empty text adds nothing."""
        for line in safe_lines(text).splitlines():
            for piece in self._wrapped(line.strip(), indent):
                self._lines.append(self._indented(piece, indent, style))

    def gap(self) -> None:
        """Add an empty line, but never two in a row and none at the top."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def text(self) -> str:
        """The page, ending in one line break; nothing for an empty page."""
        body = "\n".join(self._lines).rstrip("\n")
        return f"{body}\n" if body else ""

    def _wrapped(self, line: str, indent: str) -> list[str]:
        if not self.width:
            return [line] if line else []
        room = max(_NARROWEST, self.width - len(indent))
        return textwrap.wrap(line, room, break_on_hyphens=False)

    def _indented(self, piece: str, indent: str, style: str) -> str:
        return indent + (paint(piece, style) if self.color else piece)

    def _painted(self, part: Part) -> str:
        style, text = ("", part) if isinstance(part, str) else part
        return paint(safe(text), style) if self.color else safe(text)
