"""How much happened when: a container's events over time, and those behind each finding."""

from __future__ import annotations

from collections.abc import Iterable

from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.panels import Timeline
from cyberbrain_cli.logs.patterns import Mined
from cyberbrain_cli.logs.rate import Rate

MOST_SPANS = 48
FEWEST_SPANS = 4


def timeline_of(container: str, mined: Mined, findings: Iterable[Finding]) -> Timeline | None:
    """The timeline of what was read; None where its time is too short for what was counted.

    A span is never shorter than what the counts tell apart.
    """
    first, last = mined.first or 0, mined.last or 0
    whole = Rate()
    for pattern in mined.all:
        whole.take_in(pattern.rate)
    spans = min(MOST_SPANS, (last - first) // whole.width_ns)
    if spans < FEWEST_SPANS:
        return None
    rates = {pattern.id: pattern.rate for pattern in mined.all}
    return Timeline(
        container,
        first,
        last,
        spread(whole, first, last, spans),
        {
            item.id: spread(rates[item.pattern], first, last, spans)
            for item in findings
            if item.pattern in rates
        },
    )


def spread(rate: Rate, first: int, last: int, spans: int) -> tuple[int, ...]:
    """The counts of a rate in so many equal spans from `first` to `last`."""
    counts = [0] * spans
    for start, count in rate.buckets():
        middle = min(max(start + rate.width_ns // 2, first), last)
        counts[min((middle - first) * spans // (last - first), spans - 1)] += count
    return tuple(counts)
