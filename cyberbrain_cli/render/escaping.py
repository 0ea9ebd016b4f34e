"""Text that others wrote, as Markdown that shows it as it is."""

from __future__ import annotations

import re

from cyberbrain_cli.render.safe import safe

_MARKUP = re.compile(r"([\\`*_\[\]|~$])")
_AT_START = re.compile(r"^(\d*)([#+\-=>.)])")
_LINK = re.compile(r"(?i)((?<=:)//|(?<=www)\.|(?<=mailto):)")


def escape(text: str) -> str:
    """Text that shows as it is in Markdown and HTML: no markup, no link, one line.

    An @ becomes the wide sign that looks like it: what is pasted into a ticket mentions nobody.
    """
    return _AT_START.sub(r"\1\\\2", escape_cell(text))


def escape_cell(text: str) -> str:
    """The same for a cell of a table, where nothing stands at the beginning of a line."""
    marked = _MARKUP.sub(r"\\\1", safe(" ".join(text.split())))
    return _LINK.sub(r"\\\1", marked).replace("&", "&amp;").replace("<", "&lt;").replace("@", "＠")


def fenced(lines: list[str]) -> list[str]:
    """The lines as a code block whose fence is longer than any run of backticks in them."""
    content = [safe(line) for line in lines]
    longest = max((len(run) for line in content for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *content, fence]
