"""Patterns: log events alike but for their variable parts, and what is remembered of each."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.logs.events import Event
from cyberbrain_cli.logs.masks import MASK_VERSION, skeleton
from cyberbrain_cli.logs.rate import Rate
from cyberbrain_cli.logs.similar import families, joined, varied
from cyberbrain_cli.logs.text import quote

_FIRST_EXEMPLARS = 2
MOST_FORMS = 64
"""Forms of a pattern whose fingerprints are kept, the most frequent."""


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
    the patterns of its severity that there was no room for. `forms` are the fingerprints of the
    patterns that were found to be one, with how often each came; none for most.
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
    forms: dict[str, int] = field(default_factory=dict)

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

    def take_in(self, other: Pattern) -> None:
        """Count the events of a pattern found to be the same kind as this one's."""
        firsts = zip(
            (*self.places, *other.places), (*self.exemplars, *other.exemplars), strict=True
        )
        kept = sorted(firsts, key=lambda item: item[0])[:_FIRST_EXEMPLARS]
        if other.places[0] < self.places[0]:
            self.first, self.context = other.first, other.context or self.context
        self.places, self.exemplars = [item[0] for item in kept], [item[1] for item in kept]
        if self.latest is None or (other.latest is not None and other.latest[0] > self.latest[0]):
            self.latest, self.last = other.latest, other.last
        self.count += other.count
        self.line_count += other.line_count
        self.leveled = self.leveled and other.leveled
        self.rate.take_in(other.rate)

    def sightings(self) -> dict[str, int]:
        """What later runs need to know this pattern again: fingerprints, with their counts."""
        return {**self.forms, self.fingerprint: self.count}

    def is_known(self, seen: Collection[str]) -> bool:
        """Whether earlier runs with these sightings saw events of this kind.

        That holds also for an event that differs from theirs only in a word that was found to
        vary then, and takes on that pattern's fingerprint.
        """
        if any(known in seen for known in self.sightings()):
            return True
        for text in varied(self.template):
            if (known := fingerprint(self.severity, text)) in seen:
                self.fingerprint = known
                return True
        return False

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

    Those that turn out to be of one kind are one. Those that stand for others get the ids that
    come after.
    """
    ordered = sorted(
        _gathered(patterns), key=lambda item: (-item.severity.rank, -item.count, item.fingerprint)
    )
    for number, pattern in enumerate((*ordered, *overflow), 1):
        pattern.id = f"P{number}"
        pattern.settle()
    return tuple(ordered)


def _gathered(patterns: Sequence[Pattern]) -> Iterable[Pattern]:
    """The patterns, those that are alike but for what varies as one, each severity by itself."""
    found: dict[str, Pattern] = {}
    for severity in Severity:
        alike = [pattern for pattern in patterns if pattern.severity is severity]
        alike.sort(key=lambda pattern: pattern.fingerprint)
        for members in families([pattern.template for pattern in alike]):
            whole = _one([alike[index] for index in members])
            if whole.fingerprint in found:
                found[whole.fingerprint].take_in(whole)
            found.setdefault(whole.fingerprint, whole)
    return found.values()


def _one(members: list[Pattern]) -> Pattern:
    """These patterns as one."""
    whole = members[0]
    if len(members) > 1:
        often = sorted(members, key=lambda pattern: (-pattern.count, pattern.fingerprint))
        whole.forms = {pattern.fingerprint: pattern.count for pattern in often[:MOST_FORMS]}
        whole.template = joined(pattern.template for pattern in members)
        whole.fingerprint = fingerprint(whole.severity, whole.template)
        for pattern in members[1:]:
            whole.take_in(pattern)
    return whole
