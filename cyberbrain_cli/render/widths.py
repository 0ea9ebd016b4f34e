"""How much room text takes on a terminal."""

from __future__ import annotations

from unicodedata import east_asian_width


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


def _columns(character: str) -> int:
    return 1 + (east_asian_width(character) in "WF")
