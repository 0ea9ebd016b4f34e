"""Reading one container's window: to its end or to a cap, with what is missing in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cyberbrain_cli.core.ports import ContainerHost, LogBatch
from cyberbrain_cli.core.records import ContainerInfo, ContainerReading, Cursor, Gap, Truncation
from cyberbrain_cli.core.timestamps import NANOSECONDS
from cyberbrain_cli.core.worker import Target
from cyberbrain_cli.logs.miner import Miner
from cyberbrain_cli.logs.patterns import Mined

_DISORDER_NS = NANOSECONDS
"""Lines of two streams are at most so far out of order."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a container. `cursor` is None when it is to stay where it was."""

    reading: ContainerReading
    mined: Mined
    cursor: Cursor | None


class LineCap:
    """Lets so many lines pass, and those of the same time as the last of them.

    The next window begins after `last`, so of one time all lines are taken or none.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self.taken = 0
        self.last: int | None = None
        self.cut = False

    def limit(self, batches: Iterator[LogBatch]) -> Iterator[LogBatch]:
        """The batches up to the cap."""
        for batch in batches:
            if not batch.lines:
                yield batch  # a sign of life, at which the reader may stop
                continue
            room = len(batch.lines) if self._most is None else max(0, self._most - self.taken)
            whole = len(batch.lines) <= room
            if room:
                last = batch.latest if whole else max(batch.times[:room])
                self.last = last if self.last is None else max(self.last, last)
            taken = batch if whole else _until(batch, self.last or 0)
            self.taken += len(taken.lines)
            self.cut = self.cut or len(taken.lines) < len(batch.lines)
            if taken.lines:
                yield taken
            if not whole and batch.earliest > (self.last or 0) + _DISORDER_NS:
                return


def _until(batch: LogBatch, last: int) -> LogBatch:
    """The lines of the batch up to a time."""
    kept = [index for index, time in enumerate(batch.times) if time <= last]
    return LogBatch.of(
        [batch.times[index] for index in kept],
        [batch.streams[index] for index in kept],
        [batch.lines[index] for index in kept],
    )


def read(
    target: Target,
    container: ContainerInfo,
    host: ContainerHost,
    miner: Miner,
    max_lines: int | None,
    report: Callable[[int], None],
) -> Read:
    """Read and mine a target's window; `report` hears the lines so far, between batches.

    Raises LogsUnreadable, and whatever `report` raises.
    """
    cap = LineCap(max_lines)
    report(0)
    for batch in cap.limit(host.read_logs(container, target.window)):
        miner.add(batch)
        report(cap.taken)
    mined = miner.result()
    window, cursor = target.window, target.cursor
    end = cap.last if cap.cut and cap.last is not None else window.until
    needs_first = cursor is not None or mined.last is None
    first = host.first_log_time(container) if needs_first else None
    reading = ContainerReading(
        name=container.name,
        container_id=container.id,
        after=window.after,
        until=end,
        lines=mined.lines,
        bytes=mined.bytes,
        patterns=len(mined.patterns),
        gap=_gap(target, mined, first),
        truncated=Truncation("max_lines", max_lines or 0, end) if cap.cut else None,
    )
    return Read(reading, mined, _cursor(target, container, mined, end, first))


def _gap(target: Target, mined: Mined, first: int | None) -> Gap | None:
    """Log time that was rotated away unread, going by the oldest line that is left.

    The line at the cursor tells: while the daemon has it, nothing after it can be gone. A
    container that had no line yet when it was last read gives no reason to believe in a gap.
    """
    cursor = target.cursor
    if cursor is None or cursor.last_line is None:
        return None
    start = max(cursor.until, target.window.after or 0)
    if first is None:
        missing = mined.lines == 0
        end = target.window.until
    else:
        overtaken = mined.first is not None and mined.first < first
        missing = first > start and not overtaken
        end = min(first, target.window.until)
    if not missing or end <= start:
        return None
    return Gap(start, end, (end - start) / NANOSECONDS)


def _cursor(
    target: Target, container: ContainerInfo, mined: Mined, end: int, first: int | None
) -> Cursor | None:
    """The cursor after this reading; None where moving it would skip lines or repeat them."""
    before, window = target.cursor, target.window
    if before is not None:
        skips = window.after is not None and window.after > before.until
        if skips or end < before.until:
            return None
    last = mined.last
    if last is None and first is not None:
        known = first if before is None or before.last_line is None else before.last_line
        last = max(first, known) if max(first, known) <= end else None
    return Cursor(container.id, container.name, end, last)
