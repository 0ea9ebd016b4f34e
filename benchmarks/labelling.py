"""The real miner, watched: which pattern each line of a log was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from unittest.mock import patch

from cyberbrain_cli.core.ports import LogBatch
from cyberbrain_cli.logs.forms import Keys
from cyberbrain_cli.logs.miner import Miner
from cyberbrain_cli.logs.patterns import Mined, Pattern
from cyberbrain_cli.logs.sequence import Ended

START_NS = 1_795_000_000 * 1_000_000_000
EVERY_NS = 1_000_000
_BATCH = 8192


class LabellingMiner(Miner):
    """A miner that remembers for each line in which pattern it was counted."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: dict[int, Pattern] = {}

    def labels(self, count: int) -> list[Pattern | None]:
        """The pattern of each line; one that continues an event has the event's."""
        found: list[Pattern | None] = []
        for place in range(count):
            found.append(self._labels.get(place, found[-1] if found else None))
        return found

    def _count_one(self, ended: Ended) -> None:
        event = ended.seen.event
        self._labels[ended.place] = (
            self._of_form(ended.form)
            if event is None
            else self._pattern(event.line, event.severity, event.told)
        )
        super()._count_one(ended)

    def _count_all(self, batch: LogBatch, keys: Keys, alone: list[bytes | None]) -> None:
        for index, key in enumerate(alone):
            if key is not None:
                self._labels[self._lines + index] = self._of_form(keys.forms[key])
        super()._count_all(batch, keys, alone)


def batches(lines: Iterable[bytes], every_ns: int = EVERY_NS) -> Iterable[LogBatch]:
    """The lines as a container would have written them, one after the other."""
    rest, time = iter(lines), START_NS
    while chunk := list(islice(rest, _BATCH)):
        times = [time + number * every_ns for number in range(len(chunk))]
        time = times[-1] + every_ns
        yield LogBatch.of(times, ["stdout"] * len(chunk), chunk)


def mined(lines: Sequence[bytes], every_ns: int = EVERY_NS) -> Mined:
    """What the real miner makes of the lines."""
    miner = Miner()
    for batch in batches(lines, every_ns):
        miner.add(batch)
    return miner.result()


def labelled(lines: Sequence[bytes]) -> list[str]:
    """The id of the pattern that the real miner gives each line."""
    miner = LabellingMiner()
    for batch in batches(lines):
        miner.add(batch)
    wholes: dict[int, Pattern] = {}
    take_in = Pattern.take_in

    def watched(whole: Pattern, part: Pattern) -> None:
        wholes[id(part)] = whole
        take_in(whole, part)

    with patch.object(Pattern, "take_in", watched):
        miner.result()
    return [
        "-" if label is None else _whole(label, wholes).id for label in miner.labels(len(lines))
    ]


def _whole(pattern: Pattern, wholes: Mapping[int, Pattern]) -> Pattern:
    """The pattern that this one became a part of."""
    while id(pattern) in wholes:
        pattern = wholes[id(pattern)]
    return pattern
