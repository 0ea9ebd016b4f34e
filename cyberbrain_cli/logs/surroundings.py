"""The lines around the first event of a grave pattern, and the last lines of all."""

from __future__ import annotations

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.ports import LogBatch
from cyberbrain_cli.logs.patterns import Quote
from cyberbrain_cli.logs.text import quote

_BEFORE = 3
_AFTER = 3
_TAIL = 5
_LONGEST = 500
_Row = tuple[int, str, bytes]


class Surroundings:
    """Looks around in the current batch and the last lines of the one before."""

    def __init__(self) -> None:
        self._last: list[_Row] = []
        self._batch = LogBatch((), (), (), 0)
        self._left = {Severity.CRITICAL: 16, Severity.WARNING: 8}

    @property
    def size(self) -> int:
        """The number of lines in the current batch."""
        return len(self._batch.lines)

    def enter(self, batch: LogBatch) -> None:
        """Go on with the next batch, which is not empty."""
        self._last = self._rows(self.size - _TAIL, self.size)
        self._batch = batch

    def quotes(
        self, severity: Severity, index: int, event: tuple[int, int, str]
    ) -> tuple[Quote, ...]:
        """The lines around an event that ended before `index`; none once enough were handed out.

        The event itself, given by its first and last time and its stream, is not among them.
        """
        if not self._left.get(severity):
            return ()
        self._left[severity] -= 1
        first, last, stream = event
        before = [
            row for row in self._rows(index - 64, index)
            if not (row[1] == stream and first <= row[0] <= last)
        ]  # fmt: skip
        rows = before[-_BEFORE:] + self._rows(index, index + _AFTER)
        return tuple(Quote(time, name, quote(raw, _LONGEST)) for time, name, raw in rows)

    def tail(self) -> tuple[Quote, ...]:
        """The last lines."""
        rows = self._rows(self.size - _TAIL, self.size)
        return tuple(Quote(time, stream, quote(raw)) for time, stream, raw in rows)

    def _rows(self, start: int, end: int) -> list[_Row]:
        """Lines by their place in the batch; places below zero are in the batch before."""
        batch = self._batch
        low, high = max(0, start), max(0, min(end, len(batch.lines)))
        earlier = self._last[max(0, len(self._last) + start) :] if start < 0 else []
        span = slice(low, high)
        rows = zip(batch.times[span], batch.streams[span], batch.lines[span], strict=True)
        return [*earlier, *((time, stream, raw[: 1 << 12]) for time, stream, raw in rows)]
