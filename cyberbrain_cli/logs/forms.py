"""What each form of line means, worked out once and remembered while there is room."""

from __future__ import annotations

from dataclasses import dataclass

from cyberbrain_cli.logs.codes import ONES, canonical, has_codes
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


class Forms:
    """A bounded memory of forms; what a line means never depends on the lines before it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._size = 0
        self._plain: dict[bytes, Form | None] = {}
        self._coded: dict[bytes, Form] = {}

    def of(self, raw: bytes) -> Form:
        """What this line means."""
        key = raw.translate(ONES)
        form = self._plain.get(key)
        return form if form is not None else self._learn(key, raw)

    def _learn(self, key: bytes, raw: bytes) -> Form:
        if len(raw) > LONGEST_LINE:
            return self._long(raw)
        if key in self._plain or has_codes(key):
            self._plain[key] = None
            exact = canonical(raw, key)
            form = self._coded.get(exact)
            if form is None:
                form = self._coded[exact] = _understood(exact)
                self._grow(2 * len(key))
            return form
        form = self._plain[key] = _understood(key)
        self._grow(len(key))
        return form

    def _long(self, raw: bytes) -> Form:
        most = _LONGEST_JSON if raw.startswith(b"{") else LONGEST_LINE
        start = raw[:most]
        return _understood(canonical(start, start.translate(ONES)))

    def _grow(self, size: int) -> None:
        self._size += size + _COST
        if self._size > self._most_bytes:
            self._plain.clear()
            self._coded.clear()
            self._size = 0


def _understood(text: bytes) -> Form:
    line = read_line(text)
    opens_key = b"-----BEGIN" in text and b"-----END" not in text
    return Form(line, line.kind is Kind.HEAD, opens_key)
