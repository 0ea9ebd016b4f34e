"""What the rules found in one container, as far as it may explain another's trouble."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.core.findings import Finding, Severity
from cyberbrain_cli.logs.assess import Assessment
from cyberbrain_cli.logs.chain import Point, Trouble
from cyberbrain_cli.logs.judge import Judgement
from cyberbrain_cli.logs.mentions import about_network, mentions

_LINES = 6


def trouble_of(judgement: Judgement) -> Trouble:
    """The findings by rule of at least warning, with whom their lines name."""
    known = {item.pattern.id: item for item in judgement.assessments}
    points = (
        _point(finding, known.get(finding.pattern or ""))
        for finding in judgement.findings
        if finding.severity is not Severity.INFO
    )
    return Trouble(judgement.container, tuple(point for point in points if point is not None))


def _point(finding: Finding, item: Assessment | None) -> Point | None:
    if finding.first_seen is None:
        return None
    lines = list(_lines(item)) if item is not None else []
    return Point(
        finding=finding.id,
        severity=finding.severity,
        title=_title(finding, item),
        count=finding.count,
        first=finding.first_seen,
        last=finding.last_seen or finding.first_seen,
        mentions=mentions(lines),
        network=any(about_network(line) for line in lines),
    )


def _lines(item: Assessment) -> Iterator[str]:
    for exemplar in item.pattern.exemplars:
        yield from (quote.text for quote in exemplar.lines[:_LINES])


def _title(finding: Finding, item: Assessment | None) -> str:
    """What happened, without the word of its severity."""
    if item is None:
        return finding.title
    if item.signature is not None:
        return item.signature.title
    return finding.title.partition(": ")[2] or finding.title
