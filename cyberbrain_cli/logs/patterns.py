"""Patterns: log events alike but for their variable parts, and what is remembered of each."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.logs.events import Event
from cyberbrain_cli.logs.masks import MASK_VERSION, skeleton
from cyberbrain_cli.logs.rate import Rate
from cyberbrain_cli.logs.text import quote

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


class Sighting(NamedTuple):
    """One event, not yet quoted: its first line, and what followed of it."""

    time: int
    stream: str
    raw: bytes
    event: Event | None = None

    def exemplar(self) -> Exemplar:
        """The event as evidence."""
        head = Quote(self.time, self.stream, quote(self.raw))
        if self.event is None:
            return Exemplar((head,))
        more = (*self.event.start, *self.event.end)
        lines = (Quote(time, self.stream, quote(raw)) for time, raw in more)
        return Exemplar((head, *lines), self.event.more - len(more))


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
    places: list[int] = field(default_factory=list)
    latest: tuple[int, Sighting] | None = None

    def tally(self, time: int, count: int, lines: int) -> None:
        """Count events at about this time."""
        self.count += count
        self.line_count += lines
        self.rate.add(time, count)

    def would_keep(self, place: int) -> bool:
        """Whether an event at this place in the log would be remembered."""
        latest = self.latest
        return latest is None or place > latest[0] or place < self.places[-1]

    def sight(self, place: int, seen: Sighting) -> bool:
        """Remember an event as the first, second or last, by its place; whether it is the first."""
        if self.latest is None or place > self.latest[0]:
            self.latest = (place, seen)
            self.last = seen.time
        full = len(self.places) == _FIRST_EXEMPLARS
        if place in self.places or (full and place > self.places[-1]):
            return False
        rank = bisect(self.places, place)
        self.places.insert(rank, place)
        self.exemplars.insert(rank, seen.exemplar())
        del self.places[_FIRST_EXEMPLARS:], self.exemplars[_FIRST_EXEMPLARS:]
        if rank == 0:
            self.first = seen.time
        return rank == 0

    def settle(self) -> None:
        """Make an exemplar of the last event, if it is not one."""
        if self.latest is not None and self.latest[0] not in self.places:
            self.exemplars.append(self.latest[1].exemplar())
        self.latest = None
        self.first, self.last = min(self.first, self.last), max(self.first, self.last)


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
    """The same for the same kind of line in every run, on every host, for one mask version.

    What stands for the variable parts is left out, so that it does not matter which of the lines
    that are alike but for their digits was seen first.
    """
    text = f"{MASK_VERSION}\x1f{severity}\x1f{skeleton(template)}"
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
