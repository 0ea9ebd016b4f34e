"""How much room text takes on a terminal."""

from __future__ import annotations

from textwrap import wrap
from unicodedata import east_asian_width

_FILL = "\0"


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def clipped(text: str, room: int) -> str:
    """The text in so many columns at most, with a mark where it was cut."""
    if display_width(text) <= room:
        return text
    taken, kept = 1, []
    for character in text:
        taken += _columns(character)
        if taken > room:
            break
        kept.append(character)
    return "".join(kept) + "…" * (room > 0)


def wrapped(text: str, room: int) -> list[str]:
    """The text in lines of so many columns at most, broken between words where that can be."""
    if display_width(text) == len(text):
        return wrap(text, room, break_on_hyphens=False)
    padded = "".join(sign + _FILL * (_columns(sign) - 1) for sign in text)
    # One less: a wide sign may be torn from its padding.
    lines = wrap(padded, max(room - 1, 2), break_on_hyphens=False)
    return [line.replace(_FILL, "") for line in lines]


def _columns(character: str) -> int:
    return 1 + (east_asian_width(character) in "WF")
