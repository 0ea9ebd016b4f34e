"""The form of a line: its digits made alike, but for the few numbers that carry a meaning.

Two lines of the same form mean the same, so all that is costly is done once per form.
"""

from __future__ import annotations

import re

ONES = bytes.maketrans(b"023456789", b"111111111")

_HINTS = (b"HTTP/", b"tatus", b"evel", b"lvl", b"everity", b"riority", b"exit", b"Exit", b"rror",
          b"RROR", b"ail", b"AIL", b"xception", b"arning", b"roblem", b"anic", b"code", b"efused",
          b"imeout", b"enied", b"ault", b"borted", b"killed", b"imed out", b"atal",
          b"err", b"ERR")  # fmt: skip

_LITERAL = rb"""
    ^<(?=\d{1,3}>)
    | \bHTTP/1(?:\.1)?"?\ (?=\d{3}\b)
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


def has_codes(form: bytes) -> bool:
    """Whether lines of this form may carry a number that matters."""
    return form.startswith(b"<") or any(hint in form for hint in _HINTS)


def canonical(line: bytes, form: bytes) -> bytes:
    """The form with the numbers that matter written back: levels, statuses, and zero or not."""
    restored: bytearray | None = None
    for match in _WORD.finditer(line):
        literal = match.group("literal")
        group = match.lastgroup or "literal"
        if literal is None and match.group(group).strip(b"0"):
            continue
        restored = restored if restored is not None else bytearray(form)
        start, end = match.span(group)
        restored[start:end] = line[start:end]
    return bytes(restored) if restored is not None else form
