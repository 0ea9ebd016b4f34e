"""Mining: a stream of lines becomes a bounded number of patterns, in constant memory.

Most lines are events by themselves and are counted by the thousand, without being looked at one
by one. Only lines that may belong together, such as those of a stack trace, are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.ports import LogBatch
from cyberbrain_cli.logs.forms import Form, Forms, Keys
from cyberbrain_cli.logs.lines import Line
from cyberbrain_cli.logs.patterns import Mined, Pattern, Sighting, fingerprint, ranked
from cyberbrain_cli.logs.rate import FINEST_NS
from cyberbrain_cli.logs.sequence import Ended, Sequencer
from cyberbrain_cli.logs.similar import shared
from cyberbrain_cli.logs.surroundings import Surroundings

MOST_PATTERNS = 3000
_Alone = list[bytes | None]


class Miner:
    """Takes batches of one container's lines in order; at the end `result` says what was in them.

    Holds at most `most_patterns` patterns, a third for each severity, so that a flood of one
    severity never crowds out another; the events beyond are counted, by severity.
    """

    def __init__(self, most_patterns: int = MOST_PATTERNS) -> None:
        self._room = dict.fromkeys(Severity, max(1, most_patterns // 3))
        self._patterns: dict[str, Pattern] = {}
        self._overflow: dict[Severity, Pattern] = {}
        self._forms = Forms()
        self._sequencer = Sequencer()
        self._around = Surroundings()
        self._lines = 0
        self._bytes = 0
        self._first: int | None = None
        self._last: int | None = None

    def add(self, batch: LogBatch) -> None:
        """Take the next lines."""
        if not batch.lines:
            return
        self._bytes += batch.size_bytes
        first, last = batch.earliest, batch.latest
        self._first = first if self._first is None else min(self._first, first)
        self._last = last if self._last is None else max(self._last, last)
        self._around.enter(batch)
        keys = self._forms.of(batch.lines)
        alone: _Alone = list(keys.of_lines)
        for ended in self._sequencer.take(batch, keys, alone, self._lines):
            self._count_one(ended)
        self._count_all(batch, keys, alone)
        self._lines += len(batch.lines)

    def result(self) -> Mined:
        """All that was in the lines. To be called once, after the last batch."""
        for ended in self._sequencer.finish():
            self._count_one(ended)
        overflow = tuple(self._overflow[severity] for severity in sorted(self._overflow))
        patterns = ranked(list(self._patterns.values()), overflow)
        return Mined(
            patterns, overflow, self._lines, self._bytes, self._first, self._last,
            self._around.tail(),
        )  # fmt: skip

    def _count_one(self, ended: Ended) -> None:
        """Count an event that had to be looked at by itself."""
        seen = ended.seen
        event = seen.event
        if event is None:
            pattern = self._of_form(ended.form)
        else:
            pattern = self._pattern(event.line, event.severity, event.told)
        pattern.tally(seen.time, 1, 1 if event is None else 1 + event.more)
        self._sight(pattern, ended.place, seen)

    def _count_all(self, batch: LogBatch, keys: Keys, alone: _Alone) -> None:
        """Count the events that are a line each."""
        lasts = _lasts(keys, alone)
        patterns = {key: self._of_form(keys.forms[key]) for key in lasts}
        for start, end in _spans(batch):
            time = batch.times[start]
            whole = end - start == len(alone)
            for key, count in Counter(alone if whole else alone[start:end]).items():
                if key is not None:
                    patterns[key].tally(time, count, count)
        new = [
            key for key, pattern in patterns.items()
            if len(pattern.places) < 2 or pattern.places[-1] >= self._lines
        ]  # fmt: skip
        for key, index in _notable(alone, lasts, new):
            pattern, place = patterns[key], self._lines + index
            if pattern.would_keep(place):
                seen = Sighting(batch.times[index], batch.streams[index], batch.lines[index])
                self._sight(pattern, place, seen)

    def _sight(self, pattern: Pattern, place: int, seen: Sighting) -> None:
        if pattern.sight(place, seen):
            last = seen.time if seen.event is None else seen.event.last_time
            self._around.note(pattern, place, (seen.time, last, seen.stream))

    def _of_form(self, form: Form) -> Pattern:
        """The pattern of the lines of a form that are an event by themselves."""
        if form.pattern is None:
            form.pattern = self._pattern(form.line, form.line.severity, ())
        return form.pattern

    def _pattern(self, line: Line, severity: Severity, told: Sequence[str]) -> Pattern:
        """The pattern of this template, or what stands for those there is no room for."""
        template = " ⏎ ".join((line.template, *told))
        key = fingerprint(severity, template)
        pattern = self._patterns.get(key)
        if pattern is not None:
            if template != pattern.template:
                pattern.template = shared(pattern.template, template)
            return pattern
        if self._room[severity] == 0:
            return self._overflow.setdefault(severity, _other(severity))
        self._room[severity] -= 1
        pattern = self._patterns[key] = Pattern(key, severity, template, line.leveled)
        return pattern


def _spans(batch: LogBatch) -> Iterator[tuple[int, int]]:
    """Runs of lines that fall into one bucket of the finest rate."""
    start, size = 0, len(batch.lines)
    while start < size:
        bound = (batch.times[start] // FINEST_NS + 1) * FINEST_NS
        end = size if batch.latest < bound else bisect_left(batch.times, bound, start + 1)
        yield start, end
        start = end


def _lasts(keys: Keys, alone: _Alone) -> dict[bytes, int]:
    """Where each key stands last among the lines that are events by themselves."""
    lasts = keys.lasts
    taken = [key for key, index in lasts.items() if alone[index] is None]
    for key in taken:
        index = lasts[key] - 1
        while index >= 0 and alone[index] != key:
            index -= 1
        if index < 0:
            del lasts[key]
        else:
            lasts[key] = index
    return lasts


def _notable(
    alone: _Alone, lasts: Mapping[bytes, int], new: Sequence[bytes]
) -> Iterator[tuple[bytes, int]]:
    """The first two lines of the keys that are new, and the last line of each."""
    firsts = dict(zip(reversed(alone), range(len(alone) - 1, -1, -1), strict=True)) if new else {}
    for key in new:
        first = firsts[key]
        yield key, first
        if lasts[key] > first:
            yield key, alone.index(key, first + 1)
    yield from lasts.items()


def _other(severity: Severity) -> Pattern:
    template = f"(other {severity} lines, of more kinds than are told apart)"
    return Pattern(fingerprint(severity, template), severity, template, leveled=True, other=True)
