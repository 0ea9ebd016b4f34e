"""The form of a line: its digits made alike, but for the few numbers that carry a meaning.

Two lines of the same form mean the same, so all that is costly is done once per form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ONES = bytes.maketrans(b"023456789", b"111111111")

_HINTS = (b"HTTP/", b"tatus", b"evel", b"lvl", b"everity", b"riority", b"exit", b"Exit", b"rror",
          b"RROR", b"ail", b"AIL", b"xception", b"arning", b"roblem", b"anic", b"code", b"efused",
          b"imeout", b"enied", b"ault", b"borted", b"killed", b"imed out", b"atal",
          b"err", b"ERR")  # fmt: skip

_LITERAL = rb"""
    ^<(?=\d{1,3}>)
    | \bHTTP/\d(?:\.\d)?"?\ (?=\d{3}\b)
    | "(?:level|lvl|log_?level|log\.level|levelname|severity|priority|l|s)"\s*:\s*"?(?=\d{1,3}\b)
    | \b(?:level|lvl|log_?level|severity|priority)="?(?=\d{1,3}\b)
    | \b(?:\w{1,20}[._])?status(?:_?code)?"?\s?[=:]\s?"?(?=\d{3}\b)
    | \bresponse_code"?\s?[=:]\s?"?(?=\d{3}\b)
    | \bgrpc[._-](?:code|status)"?\s?[=:]\s?"?(?=\d{1,2}\b)
    | \bexit(?:ed|ing|s)?(?:\ with)?(?:\ (?:status|code))*\s?[=:(]?\s?(?=\d{1,3}\b)
"""
_TROUBLE = (
    rb"(?:errors?|err|failures?|failed|failing|exceptions?|exc|warnings?|problems?|faults?|panics?|"
    rb"fatal|denied|refused|timeouts?|aborted|killed|errored)"
)
_WORD = re.compile(
    rb"(?ix)(?:" + _LITERAL + rb")(?P<literal>\d+)"
    rb"| \b" + _TROUBLE + rb"""(?:[_-]?(?:code|count|s))?["']?\ ?[=:]\ ?["']?"""
    rb"(?P<after>\d+)(?![.\d])"
    rb"| \b(?P<before>\d+)\ (?:[a-z]+\ )?(?:" + _TROUBLE + rb"|timed\ out)\b"
)  # fmt: skip


_UUID = b"aaaaaaa1-1111-1111-1111-111111111111"
_HEX = b"aaaaaaa1"
_UNIQUE = re.compile(
    rb"(?<![0-9A-Za-z])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9A-Za-z])"
    rb"|\b(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{8,}\b|\b(?=\d*[A-F])(?=[A-F]*\d)[0-9A-F]{8,}\b"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Where a number that matters stands; one that is not `literal` is only zero or not."""

    start: int
    end: int
    literal: bool


def spans(form: bytes) -> tuple[Span, ...]:
    """Where the lines of this form have numbers that matter: levels, statuses, counts."""
    if not form.startswith(b"<") and not any(hint in form for hint in _HINTS):
        return ()
    found = []
    for match in _WORD.finditer(form):
        group = match.lastgroup or "literal"
        found.append(Span(*match.span(group), group == "literal"))
    return tuple(found)


def codes(line: bytes, where: tuple[Span, ...]) -> bytes:
    """The numbers at these places, as far as they matter."""
    parts = []
    for span in where:
        number = line[span.start : span.end]
        parts.append(number if span.literal or not number.strip(b"0") else b"1" * len(number))
    return b",".join(parts)


def restore(form: bytes, where: tuple[Span, ...], numbers: bytes) -> bytes:
    """The form with the numbers written back: all that may tell what the line means."""
    restored = bytearray(form)
    for span, number in zip(where, numbers.split(b","), strict=True):
        restored[span.start : span.end] = number
    return bytes(restored)


def reduce(line: bytes) -> bytes:
    """The line with each UUID and hexadecimal id made the same; what it means stays as it is."""
    return _UNIQUE.sub(_alike, line)


def _alike(match: re.Match[bytes]) -> bytes:
    return _UUID if b"-" in match.group() else _HEX
