"""What lines mean, worked out once for all that are alike but for their digits."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cyberbrain_cli.logs.codes import LONGEST_READ, Coder, may_matter
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
        self._coded: set[bytes] = set()
        self._continuing: set[bytes] = set()
        self._coders: dict[bytes, Coder] = {}
        self._ids: re.Pattern[bytes] | None = None

    def of(self, lines: Sequence[bytes]) -> Keys:
        """The key of each line, and the form of each key."""
        if self._size > self._most_bytes:
            self._forget()
        texts, keys, lasts = self._cut(lines)
        new = lasts.keys() - self._known.keys() - self._coded
        coded = {key for key in new if may_matter(key)}
        self._coded |= coded
        self._learn(new - coded, keys, lines)
        coded = lasts.keys() & self._coded
        if coded:
            self._add_codes(coded, keys, texts)
            lasts = _lasts(keys)
            self._learn(lasts.keys() - self._known.keys(), keys, lines)
        return Keys(keys, lasts, self._known, lasts.keys() & self._continuing)

    def _cut(self, lines: Sequence[bytes]) -> tuple[Sequence[bytes], list[bytes], dict[bytes, int]]:
        """The lines without their ids where that makes many alike, their keys, the last of each."""
        if self._ids is not None:
            lines = _without(self._ids, lines)
        keys = _without_digits(lines)
        lasts = _lasts(keys)
        new = lasts.keys() - self._known.keys() - self._coded
        if self._ids is None and len(new) > max(_FEW, len(lines) // 8):
            for ids in (_QUOTED_IDS, _IDS):
                texts = _without(ids, lines)
                shorter = _without_digits(texts)
                fewer = _lasts(shorter)
                if len(fewer) < len(lasts) // 2:
                    self._ids = ids
                    return texts, shorter, fewer
        return lines, keys, lasts

    def _learn(self, new: Collection[bytes], keys: list[bytes], lines: Sequence[bytes]) -> None:
        if not new:
            return
        firsts = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
        for key in new:
            form = self._known[key] = _understood(lines[firsts[key]])
            if form.opens_key or not form.is_head:
                self._continuing.add(key)
        self._grow(new)

    def _add_codes(self, coded: set[bytes], keys: list[bytes], texts: Sequence[bytes]) -> None:
        places: dict[bytes, list[int]] = {key: [] for key in coded}
        for index in [index for index, key in enumerate(keys) if key in coded]:
            places[keys[index]].append(index)
        for key, indexes in places.items():
            coder = self._coders.get(key)
            if coder is None:
                coder = self._coders[key] = Coder(key)
                self._grow((key,))
            refined = coder.refined([texts[index] for index in indexes])
            for index, with_codes in zip(indexes, refined, strict=True):
                keys[index] = with_codes

    def _grow(self, learnt: Collection[bytes]) -> None:
        self._size += sum(map(len, learnt)) + _COST * len(learnt)

    def _forget(self) -> None:
        self._continuing = set()
        self._known, self._coders = {}, {}
        self._coded = set()
        self._size = 0


def _lasts(keys: list[bytes]) -> dict[bytes, int]:
    return dict(zip(keys, range(len(keys)), strict=True))


def _without_digits(lines: Sequence[bytes]) -> list[bytes]:
    keys = b"\n".join(lines).translate(None, _DIGITS).split(b"\n")
    return keys if len(keys) == len(lines) else [line.translate(None, _DIGITS) for line in lines]


def _without(ids: re.Pattern[bytes], lines: Sequence[bytes]) -> list[bytes]:
    """The lines with each UUID and long hexadecimal number cut out."""
    texts = ids.sub(b"~", b"\n".join(lines)).split(b"\n")
    return texts if len(texts) == len(lines) else [ids.sub(b"~", line) for line in lines]


def _understood(raw: bytes) -> Form:
    if len(raw) > LONGEST_LINE:
        raw = raw[: LONGEST_READ if raw.startswith(b"{") else LONGEST_LINE]
    line = read_line(raw)
    opens_key = b"-----BEGIN" in raw and b"-----END" not in raw
    return Form(line, line.kind is Kind.HEAD, opens_key)
