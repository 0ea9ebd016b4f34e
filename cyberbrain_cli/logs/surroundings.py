"""The lines around the first event of a grave pattern, and the last lines of all."""

from __future__ import annotations

from dataclasses import dataclass

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.ports import LogBatch
from cyberbrain_cli.logs.patterns import Pattern, Quote
from cyberbrain_cli.logs.text import quote

_BEFORE = 3
_AFTER = 3
_TAIL = 5
_LOOK_BACK = 64
_LONGEST = 500
_Row = tuple[int, str, bytes]
_Event = tuple[int, int, str]
"""First and last time of an event, and its stream."""


@dataclass(slots=True)
class _Waiting:
    """A pattern whose surroundings reach into a batch that has not come yet."""

    pattern: Pattern
    event: _Event
    missing: int


class Surroundings:
    """Looks around in the current batch and its neighbours: where a batch ends changes nothing."""

    def __init__(self) -> None:
        self._earlier: list[_Row] = []
        self._batch = LogBatch((), (), (), 0, 0, 0)
        self._base = 0
        self._waiting: list[_Waiting] = []

    @property
    def _size(self) -> int:
        return len(self._batch.lines)

    def enter(self, batch: LogBatch) -> None:
        """Go on with the next batch."""
        self._earlier = self._rows(self._size - _LOOK_BACK, self._size)
        self._base += self._size
        self._batch = batch
        for waiting in self._waiting:
            waiting.missing -= self._extend(waiting.pattern, waiting.event, 0, waiting.missing)
        self._waiting = [waiting for waiting in self._waiting if waiting.missing]

    def note(self, pattern: Pattern, place: int, event: _Event) -> None:
        """Give a grave pattern the lines around its event, which began at this place in the log.

        The event itself, given by its first and last time and its stream, is not among them.
        """
        if pattern.severity is Severity.INFO:
            return
        index = place + 1 - self._base
        before = _others(self._rows(index - _LOOK_BACK, index), event)
        pattern.context = _quotes(before[-_BEFORE:])
        self._waiting = [waiting for waiting in self._waiting if waiting.pattern is not pattern]
        missing = _AFTER - self._extend(pattern, event, index, _AFTER)
        if missing:
            self._waiting.append(_Waiting(pattern, event, missing))

    def tail(self) -> tuple[Quote, ...]:
        """The last lines."""
        return _quotes(self._rows(self._size - _TAIL, self._size))

    def _extend(self, pattern: Pattern, event: _Event, start: int, most: int) -> int:
        """Add lines that come after the event's first; how many there were."""
        rows: list[_Row] = []
        while len(rows) < most and start < self._size:
            rows += _others(self._rows(start, start + 1), event)
            start += 1
        pattern.context += _quotes(rows)
        return len(rows)

    def _rows(self, start: int, end: int) -> list[_Row]:
        """Lines by their place in the batch; places below zero are in the batches before."""
        batch, before = self._batch, len(self._earlier)
        span = slice(max(0, start), max(0, end))
        earlier = self._earlier[max(0, before + start) : max(0, before + min(0, end))]
        rows = zip(batch.times[span], batch.streams[span], batch.lines[span], strict=True)
        return [*earlier, *((time, stream, raw[: 1 << 12]) for time, stream, raw in rows)]


def _others(rows: list[_Row], event: _Event) -> list[_Row]:
    """The rows that are not of the event."""
    first, last, stream = event
    return [row for row in rows if row[1] != stream or not first <= row[0] <= last]


def _quotes(rows: list[_Row]) -> tuple[Quote, ...]:
    return tuple(Quote(time, stream, quote(raw, _LONGEST)) for time, stream, raw in rows)
