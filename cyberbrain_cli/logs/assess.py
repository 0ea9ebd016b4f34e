"""What the rules make of a pattern: its severity, and what is unusual about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.timestamps import NANOSECONDS
from cyberbrain_cli.logs.lines import read_line
from cyberbrain_cli.logs.patterns import Mined, Pattern
from cyberbrain_cli.logs.severity import highest, is_worrying
from cyberbrain_cli.logs.signatures import Catalogue, Signature
from cyberbrain_cli.logs.similar import ANY

PERSISTENT = 5
"""A warning that came this often is as grave as its signature says."""
_RARE = 2
_RARE_AMONG = 200
_BURST_EVENTS = 10
_BURST_FACTOR = 10
_INFO_BURST_EVENTS = 100
_HINTS = re.compile(
    r"(?i)\b(?:retry(?:ing)?|slow|dropp(?:ed|ing)|lagging|skipp(?:ed|ing)|stale|evict\w*|overload\w*|"
    r"degraded|leak\w*|backlog|queue (?:is )?full|missing|unexpected\w*|terminated|rollback|"
    r"fall(?:ing)? ?back|exceed\w*|lost|stuck|stalled|orphan\w*|mismatch|suspicious|malformed)\b"
)


@dataclass(frozen=True, slots=True)
class Burst:
    """A time when a pattern came far more often than otherwise."""

    start: int
    seconds: float
    count: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """A pattern as the rules see it. `severity` is None when they see no finding in it.

    `novel` is None when nothing is known of earlier runs.
    """

    pattern: Pattern
    severity: Severity | None
    signature: Signature | None
    novel: bool | None
    rare: bool
    burst: Burst | None

    @property
    def weight(self) -> tuple[int, int, int, int, int, int]:
        """Sorts assessments by how much they matter, the most first."""
        unmistakable = self.signature is not None and self.signature.unmistakable
        return (
            -(self.severity.rank + 1 if self.severity else 0),
            -self.pattern.severity.rank,
            -(2 if unmistakable else 1 if self.signature else 0),
            -bool(self.novel),
            -(bool(self.burst) + self.rare),
            -self.pattern.count,
        )


def assess(mined: Mined, seen: frozenset[str] | None, known: Catalogue) -> list[Assessment]:
    """Every pattern as the rules see it, what matters most first.

    `known` are the failures that can be named. `seen` holds the fingerprints of earlier runs; None
    when the container was never read.
    """
    found = [_assess(pattern, mined, seen, known) for pattern in mined.all]
    return sorted(found, key=lambda item: (item.weight, item.pattern.first, item.pattern.id))


def _assess(
    pattern: Pattern, mined: Mined, seen: frozenset[str] | None, known: Catalogue
) -> Assessment:
    novel = None if seen is None or pattern.other else not pattern.is_known(seen)
    rare = pattern.count <= _RARE and mined.lines >= _RARE_AMONG
    burst = _burst(pattern, mined)
    signature = _believed(pattern, _named(pattern, known), burst)
    severity = _severity(pattern, signature, unusual=bool(novel or burst))
    if severity is None and (rare or novel or burst) and is_worrying(pattern.template):
        severity = Severity.INFO
    return Assessment(pattern, severity, signature, novel, rare, burst)


def _believed(
    pattern: Pattern, signature: Signature | None, burst: Burst | None
) -> Signature | None:
    """The signature of a pattern, unless nothing says that anything is wrong.

    What its logger holds to be nothing special is so, unless it comes in a flood.
    """
    if signature is None or pattern.severity is not Severity.INFO:
        return signature
    if pattern.leveled and not signature.unmistakable:
        return signature if burst is not None and not signature.vague else None
    plain = signature.unmistakable or (not pattern.leveled and not signature.vague)
    return signature if plain or is_worrying(pattern.template) else None


def _severity(pattern: Pattern, signature: Signature | None, *, unusual: bool) -> Severity | None:
    own = pattern.severity
    if signature is not None:
        return highest(own, _floor(pattern, signature))
    if own is not Severity.INFO:
        return own
    return Severity.INFO if unusual and _HINTS.search(pattern.template) else None


def _floor(pattern: Pattern, signature: Signature) -> Severity:
    """A logger that chose its level knows something: it is overruled for good reasons only."""
    if not pattern.leveled or pattern.severity is Severity.CRITICAL:
        return signature.severity
    if pattern.severity is Severity.INFO:
        return min(signature.severity, Severity.WARNING, key=lambda item: item.rank)
    overruled = signature.unmistakable or pattern.count >= PERSISTENT
    return signature.severity if overruled else Severity.WARNING


def _burst(pattern: Pattern, mined: Mined) -> Burst | None:
    """The pattern's busiest time, if it was far busier than the rest of what was read."""
    if pattern.count < _BURST_EVENTS or mined.first is None or mined.last is None:
        return None
    start, count = pattern.rate.busiest()
    width, span = pattern.rate.width_ns, mined.last - mined.first
    if count < _BURST_EVENTS or span < 2 * _BURST_FACTOR * width:
        return None
    if count / width < _BURST_FACTOR * pattern.count / span:
        return None
    if pattern.severity is Severity.INFO and (
        count < _INFO_BURST_EVENTS or start <= mined.first + width
    ):
        return None
    return Burst(start, width / NANOSECONDS, count)


def _named(pattern: Pattern, known: Catalogue) -> Signature | None:
    """The failure that a pattern tells of.

    Where lines were merged whose words differ, what names it may be one of those words.
    """
    found = known.of(pattern.template)
    if found is not None or ANY not in pattern.template:
        return found
    firsts = (exemplar.lines[0].text for exemplar in pattern.exemplars if exemplar.lines)
    owns = (known.of(read_line(text.encode()).template) for text in firsts)
    return next((own for own in owns if own is not None), None)
