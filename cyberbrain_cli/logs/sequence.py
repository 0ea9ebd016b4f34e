"""Lines in their sequence: finds those that may belong together, and puts them into events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cyberbrain_cli.core.ports import LogBatch
from cyberbrain_cli.logs.events import Event, begin
from cyberbrain_cli.logs.forms import Form, Keys
from cyberbrain_cli.logs.patterns import Sighting

_LONGEST_KEPT = 4096
"""Bytes of a line that are kept beyond its batch."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An event that nothing continues any more, its first line's form and place in the log."""

    form: Form
    place: int
    seen: Sighting


@dataclass(slots=True)
class _Open:
    """The last line of a stream, which the next may continue; an event once one did."""

    key: bytes
    form: Form
    place: int
    time: int
    raw: bytes
    event: Event | None = None

    def ended(self, stream: str) -> Ended:
        return Ended(self.form, self.place, Sighting(self.time, stream, self.raw, self.event))

    def takes(self, form: Form, time: int, raw: bytes) -> bool:
        """Whether the next line continues this; if so, it now does."""
        if form.is_head and self.event is None:
            return False
        event = self.event or begin(self.form.line, self.time, self.raw)
        if not event.takes(form.line, time, raw):
            return False
        event.take(form.line, time, raw)
        self.event = event
        return True


class Sequencer:
    """Looks one by one at lines that may continue another, and at those before them."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}

    def take(
        self, batch: LogBatch, keys: Keys, alone: list[bytes | None], base: int
    ) -> Iterator[Ended]:
        """The events that end in this batch and are more than one of its lines.

        In `alone`, which begins as the keys of the lines, becomes None what is no event by itself,
        or may yet turn out not to be. `base` is the number of lines before this batch.
        """
        for index in self._looked_at(batch, keys):
            key = keys.of_lines[index]
            alone[index] = None
            stream, time, raw = batch.streams[index], batch.times[index], batch.lines[index]
            before, form = self._open.get(stream), keys.forms[key]
            if before is not None and before.takes(form, time, raw):
                continue
            if before is not None and before.event is None and before.place >= base:
                alone[before.place - base] = before.key
            elif before is not None:
                yield before.ended(stream)
            opened = self._open[stream] = _Open(key, form, base + index, time, raw)
            if form.opens_key:
                opened.event = begin(form.line, time, raw)
        for opened in self._open.values():
            opened.raw = opened.raw[:_LONGEST_KEPT]

    def finish(self) -> Iterator[Ended]:
        """The events under way, which end with the log."""
        for stream, opened in self._open.items():
            yield opened.ended(stream)
        self._open = {}

    def _looked_at(self, batch: LogBatch, keys: Keys) -> Iterable[int]:
        """The places of the lines to be looked at, in order.

        Those between them continue nothing and are continued by nothing.
        """
        in_key = any(item.event is not None and item.event.in_key for item in self._open.values())
        if in_key or any(keys.forms[key].opens_key for key in keys.continuing):
            return range(len(keys.of_lines))
        streams = batch.streams
        found = {len(streams) - 1 - streams[::-1].index(name) for name in set(streams)}
        if keys.continuing:
            continuing = keys.continuing
            for index in [at for at, key in enumerate(keys.of_lines) if key in continuing]:
                found.add(index)
                found.add(_before(streams, index))
        found.discard(-1)
        return sorted(found)


def _before(streams: Sequence[str], index: int) -> int:
    """The place of the line before in the same stream, or -1."""
    stream, at = streams[index], index - 1
    while at >= 0 and streams[at] != stream:
        at -= 1
    return at
