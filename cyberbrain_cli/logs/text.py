"""Raw bytes of a log line as text that is safe to compare, quote and send."""

from __future__ import annotations

import re

LONGEST_QUOTE = 2000
"""Characters of a line that are kept to be quoted as evidence."""
LONGEST_LINE = 8192
"""Bytes of a line that are looked at; what comes after never changes what a line means."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|\x1b[\]P^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)?"  # titles, links
    r"|\x1b[@-_]?"
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_HALF_TOKEN = re.compile(r"[A-Za-z0-9+/_=.:@-]{1,256}$")


def clean(raw: bytes) -> str:
    """The line as text: UTF-8 with replacement, without ANSI sequences and unseen characters."""
    text = raw.decode("utf-8", "replace")
    return text if text.isascii() and text.isprintable() else strip(text)


def strip(text: str) -> str:
    """The text without ANSI sequences, control, bidirectional and invisible characters."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    return _INVISIBLE.sub("", text)


def one_line(text: str, limit: int) -> str:
    """The text on one line, without control characters, at most `limit` characters long."""
    flat = strip(" ".join(text[: limit * 8 + 1024].split()))
    return flat if len(flat) <= limit else f"{flat[: limit - 1].rstrip()}…"


def quote(raw: bytes, limit: int = LONGEST_QUOTE) -> str:
    """The line as evidence: clean, and when it is too long cut visibly.

    The cut takes a word along that it would split, so that no half of a secret is left which
    nobody would recognise as one.
    """
    if len(raw) <= limit:
        return clean(raw)
    text = clean(raw[:limit])
    return f"{_HALF_TOKEN.sub('', text)}… [{len(raw)} bytes in all]"
