"""Patterns: log events alike but for their variable parts, and what is remembered of each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.logs.events import Event
from cyberbrain_cli.logs.masks import MASK_VERSION
from cyberbrain_cli.logs.rate import Rate
from cyberbrain_cli.logs.text import quote

LATEST_KEPT = 4096
"""Bytes that are kept of the latest line of each pattern."""
_FIRST_EXEMPLARS = 2


@dataclass(frozen=True, slots=True)
class Quote:
    """A log line that was really read, cleaned of what cannot be seen; not yet redacted."""

    time: int
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class Exemplar:
    """An event as it stood in the log. `omitted` lines of a long one were not kept."""

    lines: tuple[Quote, ...]
    omitted: int = 0


@dataclass(slots=True)
class Pattern:
    """Log events alike but for their variable parts.

    `severity` is part of what a pattern is: events of different severity are never of one
    pattern. `context` are the lines around its first event. `other` marks what stands for all
    the patterns of its severity that there was no room for.
    """

    fingerprint: str
    severity: Severity
    template: str
    leveled: bool
    id: str = ""
    count: int = 0
    line_count: int = 0
    first: int = 0
    last: int = 0
    exemplars: list[Exemplar] = field(default_factory=list)
    context: tuple[Quote, ...] = ()
    rate: Rate = field(default_factory=Rate)
    other: bool = False
    latest: tuple[int, str, bytes] | None = None

    def hit(self, time: int, stream: str, raw: bytes) -> None:
        """Count an event of a single line."""
        self.count += 1
        self.line_count += 1
        if time > self.last:
            self.last = time
        elif time < self.first:
            self.first = time
        self.rate.add(time)
        if self.count <= _FIRST_EXEMPLARS:
            self.first = time if self.count == 1 else self.first
            self.exemplars.append(Exemplar((Quote(time, stream, quote(raw)),)))
        else:
            self.latest = (time, stream, raw)

    def hit_event(self, event: Event, stream: str) -> None:
        """Count an event of several lines."""
        self.hit(event.time, stream, event.raw)
        self.line_count += event.more
        if self.count <= _FIRST_EXEMPLARS:
            more = (*event.start, *event.end)
            lines = [Quote(time, stream, quote(raw)) for time, raw in more]
            head = self.exemplars.pop().lines
            self.exemplars.append(Exemplar((*head, *lines), event.more - len(more)))

    def settle(self) -> None:
        """Make an exemplar of the latest event."""
        if self.latest is not None:
            time, stream, raw = self.latest
            self.exemplars.append(Exemplar((Quote(time, stream, quote(raw)),)))
            self.latest = None


@dataclass(frozen=True, slots=True)
class Mined:
    """All that is known of a container's lines once they are read.

    `patterns` come gravest first, then the most frequent. `overflow` stand for the events that
    fitted no pattern because there were too many, one per severity. `tail` are the last lines.
    """

    patterns: tuple[Pattern, ...]
    overflow: tuple[Pattern, ...]
    lines: int
    bytes: int
    first: int | None
    last: int | None
    tail: tuple[Quote, ...]

    @property
    def all(self) -> tuple[Pattern, ...]:
        """The patterns, and what stands for those that there was no room for."""
        return self.patterns + self.overflow


def fingerprint(severity: Severity, template: str) -> str:
    """The same for the same kind of line in every run, on every host, for one mask version."""
    text = f"{MASK_VERSION}\x1f{severity}\x1f{template}"
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def ranked(patterns: Sequence[Pattern], overflow: Sequence[Pattern]) -> tuple[Pattern, ...]:
    """The patterns settled and with ids, P1 first: gravest, then most frequent.

    Those that stand for others get the ids that come after.
    """
    ordered = sorted(
        patterns, key=lambda item: (-item.severity.rank, -item.count, item.fingerprint)
    )
    for number, pattern in enumerate((*ordered, *overflow), 1):
        pattern.id = f"P{number}"
        pattern.settle()
    return tuple(ordered)
