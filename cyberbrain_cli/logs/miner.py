"""Mining: a stream of lines becomes a bounded number of patterns, in constant memory."""

from __future__ import annotations

from collections.abc import Sequence

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.ports import LogBatch
from cyberbrain_cli.logs.events import Event, begin
from cyberbrain_cli.logs.forms import Form, Forms
from cyberbrain_cli.logs.lines import Line
from cyberbrain_cli.logs.patterns import LATEST_KEPT, Mined, Pattern, fingerprint, ranked
from cyberbrain_cli.logs.surroundings import Surroundings

MOST_PATTERNS = 3000
_Pending = tuple[Form, int, bytes]


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
        self._pending: dict[str, _Pending | Event] = {}
        self._around = Surroundings()
        self._lines = 0
        self._bytes = 0
        self._first: int | None = None
        self._last: int | None = None

    def add(self, batch: LogBatch) -> None:
        """Take the next lines."""
        if not batch.lines:
            return
        self._lines += len(batch.lines)
        self._bytes += batch.size_bytes
        first, last = min(batch.times), max(batch.times)
        self._first = first if self._first is None else min(self._first, first)
        self._last = last if self._last is None else max(self._last, last)
        self._mine(batch)

    def result(self) -> Mined:
        """All that was in the lines. To be called once, after the last batch."""
        for stream, pending in self._pending.items():
            self._end(stream, pending, self._around.size)
        self._pending.clear()
        overflow = tuple(self._overflow[severity] for severity in sorted(self._overflow))
        patterns = ranked(list(self._patterns.values()), overflow)
        return Mined(
            patterns, overflow, self._lines, self._bytes, self._first, self._last,
            self._around.tail(),
        )  # fmt: skip

    def _mine(self, batch: LogBatch) -> None:
        """One pass over the lines; the loop body is all that most lines ever cost."""
        form_of, pending = self._forms.of, self._pending
        self._around.enter(batch)
        rows = zip(batch.times, batch.streams, batch.lines, strict=True)
        for index, (time, stream, raw) in enumerate(rows):
            form = form_of(raw)
            before = pending.get(stream)
            if before is not None:
                if (not form.is_head or type(before) is Event) and self._joins(
                    before, form.line, time, stream, raw
                ):
                    continue
                self._end(stream, before, index)
            pending[stream] = begin(form.line, time, raw) if form.opens_key else (form, time, raw)

    def _joins(
        self, before: _Pending | Event, line: Line, time: int, stream: str, raw: bytes
    ) -> bool:
        """Whether the line continues the event under way; if so, it now does."""
        event = before if isinstance(before, Event) else begin(before[0].line, *before[1:])
        if not event.takes(line, time, raw):
            return False
        event.take(line, time, raw)
        self._pending[stream] = event
        return True

    def _end(self, stream: str, pending: _Pending | Event, index: int) -> None:
        """Count an event that nothing continues any more; `index` is the place of the next line."""
        if isinstance(pending, Event):
            pattern = self._pattern(pending.line, pending.severity, pending.told)
            new = pattern.count == 0
            pattern.hit_event(pending, stream)
            time, last_time = pending.time, pending.last_time
        else:
            form, time, raw = pending
            pattern = form.pattern or self._pattern(form.line, form.line.severity, ())
            form.pattern = pattern
            new = pattern.count == 0
            pattern.hit(time, stream, raw if len(raw) <= LATEST_KEPT else raw[:LATEST_KEPT])
            last_time = time
        if new:
            self._around.note(pattern, index, (time, last_time, stream))

    def _pattern(self, line: Line, severity: Severity, told: Sequence[str]) -> Pattern:
        """The pattern of this template, or what stands for those there is no room for."""
        template = " ⏎ ".join((line.template, *told))
        key = fingerprint(severity, template)
        pattern = self._patterns.get(key)
        if pattern is not None:
            return pattern
        if self._room[severity] == 0:
            return self._overflow.setdefault(severity, _other(severity))
        self._room[severity] -= 1
        pattern = self._patterns[key] = Pattern(key, severity, template, line.leveled)
        return pattern


def _other(severity: Severity) -> Pattern:
    template = f"(other {severity} lines, of more kinds than are told apart)"
    return Pattern(fingerprint(severity, template), severity, template, leveled=True, other=True)
