"""A line of a log that comes in pieces: what of it is kept, and whether a piece belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyberbrain_cli.core.timestamps import NANOSECONDS

MAX_LINE = 1024 * 1024
"""Longer lines are cut here; what is left out is still counted in the batch's size. No entry is
as long: Docker's are 16 KiB, with some drivers 256."""

MARGIN_NS = NANOSECONDS
"""The parser is to be given this much more on both sides of its window: lines of two streams may
stand in the wrong order by a hair, and a long line's pieces on both sides of a bound."""


@dataclass(slots=True)
class OpenLine:
    """A line of which only some pieces have come."""

    head: int
    last: int
    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    end: bytes = b""

    def add(self, time: int, text: bytes) -> None:
        """Append a piece of this time; beyond MAX_LINE it is only counted."""
        if text and self.size < MAX_LINE:
            self.parts.append(text)
        self.size += len(text)
        self.last = time
        self.end = text[-1:] or self.end

    def drop_return(self) -> None:
        """Leave out the carriage return with which a terminal ends its lines."""
        if self.end == b"\r":
            self.size -= 1
            self.parts[-1] = self.parts[-1].removesuffix(b"\r")

    def goes_on_at(self, time: int, bound: int) -> bool:
        """Whether a piece belongs to this line, as every window near the bound sees it.

        Across a bound only pieces of one second of the clock are joined: those are within the
        margin of each window that they touch, however narrow the windows are.
        """
        if not self.head <= bound < time:
            return True
        return self.last // MARGIN_NS == time // MARGIN_NS
