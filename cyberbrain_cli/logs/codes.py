"""Numbers that carry a meaning, such as levels and statuses, told from those that only count.

Lines that are alike but for their digits mean the same, unless one of these numbers differs. So
before the digits of a text are left out, these numbers are marked in it, by what stands next to
them, for thousands of lines at once.
"""

from __future__ import annotations

import re
import secrets
import string
from collections import Counter
from collections.abc import Callable, Iterator

_LITERAL = rb"""
    (?m:^)<(?=\d*>)
    | \bHTTP/[\d.]*"?\ (?![a-z\s"'])
    | (?: "(?:level|lvl|log_?level|log\.level|levelname|severity|priority|l|s)"\s*:\s*"?
        | \b(?:level|lvl|log_?level|severity|priority)="?
        | status(?:_?code)?"?\s?[=:]\s?"?
        | \bresponse_code"?\s?[=:]\s?"?
        | \bgrpc[._-](?:code|status)"?\s?[=:]\s?"?
        | \bexit(?:ed|ing|s)?(?:\ with)?(?:\ (?:status|code))*(?:\s?[=:(]\s?|\s) ) (?![a-z\s"'])
"""
_TROUBLE = (
    rb"(?:errors?|err|failures?|failed|failing|exceptions?|exc|warnings?|problems?|faults?|panics?|"
    rb"fatal|denied|refused|timeouts?|aborted|killed|errored)"
)
_NEXT_TO = re.compile(
    rb"(?ix) (?P<literal>" + _LITERAL + rb")"
    rb"| (?P<after>\b" + _TROUBLE + rb"""(?:[_-]?(?:code|count|s))?["']?\ ?[=:]\ ?["']?)"""
    rb"""(?![a-z\s"'])"""
    rb"| (?<![a-z])(?P<before>\ (?:[a-z]{1,20}\ )?(?:" + _TROUBLE + rb"|timed\ out)\b)"
)
_HINT = re.compile(
    rb"(?i)^<|HTTP/|level|lvl|severity|priority|status|response_code|grpc|exit|\"[ls]\"|err|fail|"
    rb"exc|warn|problem|fault|panic|fatal|denied|refused|timeout|timed out|abort|kill"
)
_CODE = re.compile(rb"\d{1,3}(?!\d)")
_WIDTH = 4
_MOST_ANCHORS = 48
_MOST_PIECES = 4096
_ENOUGH = 256
LONGEST_READ = 256 << 10
"""Bytes of a line in which numbers are looked for."""


class _Anchor(dict[bytes, bytes]):
    """What stands next to numbers that matter, with a mark between, by the bytes next to it."""

    def __init__(self, text: bytes, kind: str, mark: Callable[[str, bytes], bytes]) -> None:
        self._text = text
        self._kind = kind
        self._mark = mark
        self._common: list[tuple[bytes, bytes]] | None = None

    def __missing__(self, piece: bytes) -> bytes:
        if len(self) > _MOST_PIECES:
            self.clear()
        mark = self._mark(self._kind, piece)
        marked = self[piece] = mark + self._text if self._kind == "before" else self._text + mark
        return marked

    def mark(self, text: bytes) -> bytes:
        """The text with marks at the numbers that stand next to this."""
        for piece, marked in self._common or ():
            text = text.replace(piece, marked)
        parts = text.split(self._text)
        if len(parts) == 1:
            return text
        pieces = [b""] * (2 * len(parts) - 1)
        pieces[0::2] = parts
        if self._kind == "before":
            pieces[1::2] = [self[part[-_WIDTH:]] for part in parts[:-1]]
        else:
            del parts[0]
            pieces[1::2] = [self[part[:_WIDTH]] for part in parts]
            if self._common is None and len(parts) >= _ENOUGH:
                self._common = self._commonest(parts)
        return b"".join(pieces)

    def _commonest(self, parts: list[bytes]) -> list[tuple[bytes, bytes]]:
        """What is next to this most often, with its mark within: such are replaced at once."""
        counts = Counter(part[:_WIDTH] for part in parts)
        often = [item for item, count in counts.most_common(2) if count > len(parts) // 8]
        marks = {piece: self._mark(self._kind, piece) for piece in often}
        return [
            (self._text + piece, self._text[:1] + mark + self._text[1:] + piece)
            for piece, mark in marks.items()
            if mark
        ]


class Codes:
    """Marks numbers that matter; learns from each new kind of line where they stand.

    The marks hold a secret, so that no line can be written that looks as if it had been marked.
    """

    def __init__(self) -> None:
        self._anchors: dict[bytes, _Anchor] = {}
        letters = string.ascii_letters.encode()
        self._secret = bytes(secrets.choice(letters) for _ in range(8))
        self._digits = bytes.maketrans(b"0123456789", b"abcdefghij")

    def mark(self, text: bytes) -> bytes:
        """The text with all numbers marked that are known to matter."""
        for anchor in self._anchors.values():
            text = anchor.mark(text)
        return text

    def learn(self, line: bytes) -> bool | None:
        """Whether more is marked from now on; None if it would have to be, but there is no room."""
        if _HINT.search(line[:LONGEST_READ]) is None:
            return False
        missing = [
            (text, kind) for text, kind in _next_to(line[:LONGEST_READ])
            if text not in self._anchors
        ]  # fmt: skip
        for text, kind in missing:
            if len(self._anchors) >= _MOST_ANCHORS:
                return None
            self._anchors[text] = _Anchor(text, kind, self._mark)
        return bool(missing)

    def of(self, line: bytes) -> bytes:
        """The numbers of a line that matter, for lines that have them where nothing is marked."""
        line, found = line[:LONGEST_READ], []
        for match in _NEXT_TO.finditer(line):
            kind = match.lastgroup or ""
            start, end = match.span()
            piece = line[max(0, start - _WIDTH) : start]
            found.append(self._mark(kind, piece if kind == "before" else line[end : end + _WIDTH]))
        return b",".join(found)

    def _mark(self, kind: str, piece: bytes) -> bytes:
        """What tells apart the number in the bytes next to an anchor, if it matters."""
        if kind == "literal":
            code = _CODE.match(piece)
            return self._secret + code.group().translate(self._digits) if code else b""
        digits = piece[::-1] if kind == "before" else piece
        if not digits[:1].isdigit():
            return b""
        zero = digits[:1] == b"0" and not digits[1:2].isdigit() and digits[1:2] != b"."
        return self._secret + (b"a" if zero else b"b")


def _next_to(line: bytes) -> Iterator[tuple[bytes, str]]:
    """What stands next to numbers that matter in this line, whether they are there or not."""
    for match in _NEXT_TO.finditer(line):
        kind = match.lastgroup or ""
        text = match.group()
        yield (b"\n<" if text == b"<" else text), kind
