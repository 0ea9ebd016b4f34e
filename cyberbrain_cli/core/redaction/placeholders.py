"""What stands where a secret stood: `[redacted:kind]`, and how to recognise it."""

from __future__ import annotations

import re

PLACEHOLDER = re.compile(r"\[redacted:[a-z-]{1,40}\]")
UNREADABLE = "[redacted:unreadable]"
OVERLONG = "[redacted:overlong]"
_OPENING = "[redacted:"
_LONGEST = 52


def placeholder(kind: str) -> str:
    """The text that replaces a secret of this kind."""
    return f"[redacted:{kind}]"


def covers(text: str, position: int) -> bool:
    """Whether this position lies inside a placeholder."""
    earliest = max(0, position - _LONGEST)
    start = text.rfind(_OPENING, earliest, position + len(_OPENING))
    if start < 0:
        return False
    match = PLACEHOLDER.match(text, start)
    return match is not None and match.end() > position
