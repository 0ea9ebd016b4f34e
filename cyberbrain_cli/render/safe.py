"""The one place where text that others wrote is made harmless for a terminal."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters, ANSI's escape among them
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # unseen, bidi
    "\ud800-\udfff"  # halves of characters, which no encoding can write
    "\U000e0000-\U000e0fff"  # tags, unseen
    "]"
)
_UNSAFE_BUT_LINES = re.compile(f"(?!\n){_UNSAFE.pattern}")
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": "    "}


def safe(text: str) -> str:
    """The text on one line, with everything that could steer a terminal written out as escapes."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_escape, text)


def safe_lines(text: str) -> str:
    """The same, keeping line breaks."""
    return _UNSAFE_BUT_LINES.sub(_escape, text.replace("\r\n", "\n"))


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
