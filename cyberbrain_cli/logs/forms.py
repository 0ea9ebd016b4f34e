"""What each form of line means, worked out once and remembered while there is room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from cyberbrain_cli.logs.codes import ONES, Span, codes, reduce, restore, spans
from cyberbrain_cli.logs.lines import Kind, Line, read_line
from cyberbrain_cli.logs.patterns import Pattern
from cyberbrain_cli.logs.text import LONGEST_LINE

MOST_BYTES = 8 << 20
_LONGEST_JSON = 256 << 10
_COST = 400


@dataclass(slots=True)
class Form:
    """The meaning of all lines of one form, and their pattern once one was an event by itself."""

    line: Line
    is_head: bool
    opens_key: bool
    pattern: Pattern | None = None


@dataclass(slots=True)
class _Coded:
    """Forms that differ only in numbers that matter, by those numbers."""

    where: tuple[Span, ...]
    forms: dict[bytes, Form] = field(default_factory=dict)


class Forms:
    """A bounded memory of forms; what a line means never depends on the lines before it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._size = 0
        self._known: dict[bytes, Form | _Coded] = {}

    def of(self, raw: bytes) -> Form:
        """What this line means."""
        key = raw.translate(ONES)
        known = self._known.get(key)
        if known is None:
            known = self._learn(key, raw)
        if type(known) is Form:
            return known
        return self._by_codes(cast("_Coded", known), key, raw)

    def _by_codes(self, coded: _Coded, key: bytes, raw: bytes) -> Form:
        numbers = codes(raw, coded.where)
        form = coded.forms.get(numbers)
        if form is None:
            form = coded.forms[numbers] = _understood(restore(key, coded.where, numbers))
            self._grow(len(numbers))
        return form

    def _learn(self, key: bytes, raw: bytes) -> Form | _Coded:
        if len(raw) > LONGEST_LINE:
            return self._long(raw)
        reduced = reduce(raw)
        if reduced != raw:
            return self.of(reduced)
        where = spans(key)
        known: Form | _Coded = _Coded(where) if where else _understood(key)
        self._grow(len(key))
        self._known[key] = known
        return known

    def _long(self, raw: bytes) -> Form:
        """A line that is too long to be remembered. Of JSON more is read, to keep it whole."""
        start = raw[: _LONGEST_JSON if raw.startswith(b"{") else LONGEST_LINE]
        key = start.translate(ONES)
        where = spans(key)
        return _understood(restore(key, where, codes(start, where)) if where else key)

    def _grow(self, size: int) -> None:
        self._size += size + _COST
        if self._size > self._most_bytes:
            self._known.clear()
            self._size = 0


def _understood(text: bytes) -> Form:
    line = read_line(text)
    opens_key = b"-----BEGIN" in text and b"-----END" not in text
    return Form(line, line.kind is Kind.HEAD, opens_key)
