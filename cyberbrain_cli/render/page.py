"""A page of text for a person: lines of styled parts, every part made safe on its way in."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyberbrain_cli.render.safe import safe, safe_lines
from cyberbrain_cli.render.screen import paint
from cyberbrain_cli.render.widths import clipped, display_width, wrapped

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

    def fits(self, *texts: str) -> bool:
        """Whether these texts have room on one line; where nothing is wrapped, they always do."""
        return not self.width or sum(display_width(safe(text)) for text in texts) <= self.width

    def cut(self, *parts: Part) -> None:
        """Add a line that says nothing new: on a terminal, what does not fit is left out."""
        room, kept = self.width or None, []
        for style, text in (("", part) if isinstance(part, str) else part for part in parts):
            shown = safe(text)
            if room is not None:
                shown = clipped(shown, room)
                room -= display_width(shown)
            kept.append(paint(shown, style) if self.color else shown)
        self._lines.append("".join(kept).rstrip())

    def labelled(self, label: str, text: str, style: str = "") -> None:
        """Add running text after a label, wrapped to the terminal below its own beginning."""
        pieces = self._wrapped(safe(text), label) or [""]
        head = paint(label, "bold") if self.color else label
        self._lines.append((head + self._indented(pieces[0], "", style)).rstrip())
        for piece in pieces[1:]:
            self._lines.append(self._indented(piece, " " * len(label), style))

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
        return wrapped(line, room)

    def _indented(self, piece: str, indent: str, style: str) -> str:
        return indent + (paint(piece, style) if self.color else piece)

    def _painted(self, part: Part) -> str:
        style, text = ("", part) if isinstance(part, str) else part
        return paint(safe(text), style) if self.color else safe(text)
