"""What lines mean, worked out once for all that are alike but for their digits."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cyberbrain_cli.logs.codes import LONGEST_READ, Codes
from cyberbrain_cli.logs.lines import Kind, Line, read_line
from cyberbrain_cli.logs.patterns import Pattern
from cyberbrain_cli.logs.text import LONGEST_LINE

MOST_BYTES = 8 << 20
_COST = 400
_FEW = 64
_DIGITS = b"0123456789"
_QUOTED_IDS = re.compile(rb'"[0-9a-fA-F-]{8,}')
_IDS = re.compile(rb"[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4}){0,3}(?:-[0-9a-fA-F]{12})?")


@dataclass(slots=True)
class Form:
    """The meaning of all lines of one form, and their pattern once one was an event by itself."""

    line: Line
    is_head: bool
    opens_key: bool
    pattern: Pattern | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """The key of each line of a batch. `continuing` are those of lines that may not stand alone.

    `lasts` says where each key stands last, and `forms` what it means.
    """

    of_lines: list[bytes]
    lasts: dict[bytes, int]
    forms: Mapping[bytes, Form]
    continuing: set[bytes]


class Forms:
    """A bounded memory of forms; what a line means never depends on the lines before it.

    The key of a line is what is left of it without its digits; in logs full of long ids, without
    those. Where numbers matter, such as statuses, they are added to the key.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._size = 0
        self._known: dict[bytes, Form] = {}
        self._continuing: set[bytes] = set()
        self._codes = Codes()
        self._unmarked: set[bytes] = set()
        self._ids: re.Pattern[bytes] | None = None

    def of(self, lines: Sequence[bytes]) -> Keys:
        """The key of each line, and the form of each key."""
        if self._size > self._most_bytes:
            self._forget()
        text = b"\n".join((b"", *lines))
        keys, lasts = self._keys(text, lines)
        new = lasts.keys() - self._known.keys()
        while new and self._find_codes(new, keys, lines):
            keys, lasts = self._keys(text, lines)
            new = lasts.keys() - self._known.keys()
        if not lasts.keys().isdisjoint(self._unmarked):
            keys = [
                b"%b\0%b" % (key, self._codes.of(line)) if key in self._unmarked else key
                for key, line in zip(keys, lines, strict=True)
            ]
            lasts = _lasts(keys)
            new = lasts.keys() - self._known.keys()
        self._learn(new, keys, lines)
        return Keys(keys, lasts, self._known, lasts.keys() & self._continuing)

    def _keys(self, text: bytes, lines: Sequence[bytes]) -> tuple[list[bytes], dict[bytes, int]]:
        """The key of each line, and where each stands last."""
        keys = self._cut(text if self._ids is None else self._ids.sub(b"~", text), lines)
        lasts = _lasts(keys)
        if self._ids is None and len(lasts.keys() - self._known.keys()) > len(lines) // 8 + _FEW:
            for ids in (_QUOTED_IDS, _IDS):
                shorter = self._cut(ids.sub(b"~", text), lines)
                fewer = _lasts(shorter)
                if len(fewer) < len(lasts) // 2:
                    self._ids = ids
                    return shorter, fewer
        return keys, lasts

    def _cut(self, text: bytes, lines: Sequence[bytes]) -> list[bytes]:
        """What is left of each line without its digits. `text` begins with a line end."""
        keys = self._codes.mark(text).translate(None, _DIGITS).split(b"\n")
        if len(keys) != len(lines) + 1:  # a line end within a line, which Docker never gives
            marked = (self._codes.mark(b"\n" + line)[1:] for line in lines)
            return [line.translate(None, _DIGITS) for line in marked]
        del keys[0]
        return keys

    def _find_codes(
        self, new: Collection[bytes], keys: list[bytes], lines: Sequence[bytes]
    ) -> bool:
        """Learn from lines of new kinds where numbers matter; whether there is something new."""
        changed = False
        firsts = _firsts(keys)
        for key in new:
            learnt = self._codes.learn(lines[firsts[key]])
            changed = changed or bool(learnt)
            if learnt is None:
                self._unmarked.add(key)
        return changed

    def _learn(self, new: Collection[bytes], keys: list[bytes], lines: Sequence[bytes]) -> None:
        if not new:
            return
        firsts = _firsts(keys)
        for key in new:
            form = self._known[key] = _understood(lines[firsts[key]])
            if form.opens_key or not form.is_head:
                self._continuing.add(key)
        self._grow(new)

    def _grow(self, learnt: Collection[bytes]) -> None:
        self._size += sum(map(len, learnt)) + _COST * len(learnt)

    def _forget(self) -> None:
        self._known = {}
        self._continuing, self._unmarked = set(), set()
        self._size = 0


def _lasts(keys: list[bytes]) -> dict[bytes, int]:
    return dict(zip(keys, range(len(keys)), strict=True))


def _firsts(keys: list[bytes]) -> dict[bytes, int]:
    return dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))


def _understood(raw: bytes) -> Form:
    if len(raw) > LONGEST_LINE:
        raw = raw[: LONGEST_READ if raw.startswith(b"{") else LONGEST_LINE]
    line = read_line(raw)
    opens_key = b"-----BEGIN" in raw and b"-----END" not in raw
    return Form(line, line.kind is Kind.HEAD, opens_key)
