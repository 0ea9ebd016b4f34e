"""Numbers that carry a meaning, such as levels and statuses, told from those that only count.

Lines that are alike but for their digits mean the same, unless one of these numbers differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_LITERAL = rb"""
    ^<(?=\d{1,3}>)
    | \bHTTP/[\d.]+"?\ (?=\d{3}\b)
    | "(?:level|lvl|log_?level|log\.level|levelname|severity|priority|l|s)"\s*:\s*"?(?=\d{1,3}\b)
    | \b(?:level|lvl|log_?level|severity|priority)="?(?=\d{1,3}\b)
    | \b(?:\w{1,20}[._])?status(?:_?code)?"?\s?[=:]\s?"?(?=\d{3}\b)
    | \bresponse_code"?\s?[=:]\s?"?(?=\d{3}\b)
    | \bgrpc[._-](?:code|status)"?\s?[=:]\s?"?(?=\d{1,3}\b)
    | \bexit(?:ed|ing|s)?(?:\ with)?(?:\ (?:status|code))*\s?[=:(]?\s?(?=\d{1,3}\b)
"""
_TROUBLE = (
    rb"(?:errors?|err|failures?|failed|failing|exceptions?|exc|warnings?|problems?|faults?|panics?|"
    rb"fatal|denied|refused|timeouts?|aborted|killed|errored)"
)
_NUMBER = re.compile(
    rb"(?ix)(?:" + _LITERAL + rb")(?P<literal>\d+)"
    rb"| \b" + _TROUBLE + rb"""(?:[_-]?(?:code|count|s))?["']?\ ?[=:]\ ?["']?"""
    rb"(?P<after>\d+)(?![.\d])"
    rb"| \b(?P<before>\d+)\ (?:[a-z]+\ )?(?:" + _TROUBLE + rb"|timed\ out)\b"
)  # fmt: skip
_WITHOUT = re.compile(
    rb"""(?ix)
    ^<> | \bHTTP/\.?"?[ ]
    | (?:level|levelname|lvl|severity|priority|"[ls])"?\s?[=:]\s?"?(?![a-z\s"])
    | (?:status(?:_?code)?|response_code|grpc[._-]code)"?\s?[=:]\s?"?(?![a-z\s"])
    | \bexit(?:ed|ing|s)?(?:\ with)?(?:\ (?:status|code))*\s?[=:(]?\s?(?![a-z\s])
    | \b""" + _TROUBLE + rb"""(?:[_-]?(?:code|count|s))?["']?\ ?[=:]\ ?["']?(?![a-z\s"'])
    | (?:^|[^a-z])\ (?:[a-z]+\ )?(?:""" + _TROUBLE + rb"|timed\ out)\b"
)  # fmt: skip

_RUN = re.compile(rb"\d+")
_LOOK_BACK = 24
_LONGEST_CODE = 3
_MOST_KNOWN = 4096
LONGEST_READ = 256 << 10
"""Bytes of a line in which numbers are looked for."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a number that matters stands: behind `anchor`, which may have digits of its own.

    Of a number that is not `literal` it only matters whether it is zero.
    """

    anchor: re.Pattern[bytes]
    literal: bool

    def meaning(self, number: bytes) -> bytes:
        """What of the number matters."""
        if self.literal:
            return number if len(number) <= _LONGEST_CODE else b"*"
        return b"1" if number.strip(b"0") else number[:1]


def may_matter(key: bytes) -> bool:
    """Whether a line that becomes this without its digits may have numbers that matter."""
    return _WITHOUT.search(key) is not None


class Coder:
    """Adds the numbers that matter to the key of lines that are alike but for their digits."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._places: tuple[_Place, ...] = ()
        self._numberless: set[bytes] = set()
        self._known: dict[bytes, bytes] = {}

    def refined(self, texts: Sequence[bytes]) -> Iterable[bytes]:
        """The keys with numbers of these lines."""
        if not self._places and not self._find_places(texts):
            return [self._key + b"\0"] * len(texts)
        columns = [_numbers_at(texts, place) for place in self._places]
        found = [column for column in columns if column is not None]
        if len(found) < len(columns):
            return [self._slowly(text[:LONGEST_READ]) for text in texts]
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        rows = found[0] if len(found) == 1 else map(b",".join, zip(*found, strict=True))
        return [self._known.get(row) or self._learn(row) for row in rows]

    def _find_places(self, texts: Sequence[bytes]) -> bool:
        """Look for the first line that has numbers where they matter."""
        for text in texts:
            alike = _shape(text[:LONGEST_READ])
            if alike not in self._numberless:
                self._places = _places(text[:LONGEST_READ])
                if self._places:
                    return True
                self._numberless.add(alike)
        return False

    def _learn(self, row: bytes) -> bytes:
        meant = [
            place.meaning(number)
            for place, number in zip(self._places, row.split(b","), strict=True)
        ]
        refined = self._known[row] = b"%b\0%b" % (self._key, b",".join(meant))
        return refined

    def _slowly(self, text: bytes) -> bytes:
        """For a line whose numbers stand elsewhere."""
        meant = [(place, _numbers_at((text,), place)) for place in _places(text)]
        codes = [place.meaning(found[0]) for place, found in meant if found]
        return b"%b\0%b" % (self._key, b",".join(codes))


def _places(line: bytes) -> tuple[_Place, ...]:
    """Where this line, and those alike but for their digits, have numbers that matter."""
    found = []
    for start, literal in _meant(line):
        before = line[max(0, start - _LOOK_BACK) : start].lstrip(b"0123456789")
        anchor = rb"\d*".join(map(re.escape, _RUN.split(before)))
        begin = b"" if before else rb"(?m)^"
        found.append(_Place(re.compile(begin + anchor + rb"(\d*)[^\n]*"), literal))
    return tuple(found)


def _numbers_at(lines: Sequence[bytes], place: _Place) -> list[bytes] | None:
    """The number of each line at this place; None when it is not in each of them.

    A match takes the rest of its line along, so that no line has two.
    """
    found = place.anchor.findall(b"\n".join(lines))
    return found if len(found) == len(lines) else None


def _meant(line: bytes) -> Iterator[tuple[int, bool]]:
    """Start of the numbers that would matter if they were as long as codes are."""
    alike = _RUN.sub(b"111", line)
    starts = (match.start() for match in _RUN.finditer(line))
    there = dict(zip((match.start() for match in _RUN.finditer(alike)), starts, strict=True))
    for match in _NUMBER.finditer(alike):
        group = match.lastgroup or "literal"
        if match.start(group) in there:
            yield there[match.start(group)], group == "literal"


def _shape(line: bytes) -> bytes:
    """The line with each number made the same."""
    return _RUN.sub(b"1", line)
