"""What a run tells a person: findings with evidence, and their state against the previous run."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cyberbrain_cli.core.timestamps import LogTime


class Severity(StrEnum):
    """How much a finding matters; ordered by `rank`."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for critical."""
        return ("info", "warning", "critical").index(self.value)


class FindingState(StrEnum):
    """A finding against the previous successful run of the same directive and job."""

    NEW = "new"
    ONGOING = "ongoing"
    RESOLVED = "resolved"


class Source(StrEnum):
    """Who raised the finding: a rule (perhaps explained by the model) or the model alone."""

    RULE = "rule"
    LLM = "llm"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A log line that was really read: its time, stream, and text after redaction."""

    time: LogTime
    stream: str
    line: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem worth a person's attention. `count` is how many log events stand behind it.

    `raised_from` is the severity that the rules gave it, where the model gave it a higher one.
    """

    id: str
    severity: Severity
    state: FindingState
    title: str
    explanation: str
    suggestion: str
    container: str | None
    source: Source
    pattern: str | None
    count: int
    first_seen: LogTime | None
    last_seen: LogTime | None
    evidence: tuple[Evidence, ...]
    raised_from: Severity | None = None


def finding_id(*parts: str) -> str:
    """A stable id of what is wrong and where: the same problem has the same id in every run."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()


def pattern_finding_id(container: str, fingerprint: str) -> str:
    """The id of a finding about a pattern in a container, the same in every run."""
    return finding_id("pattern", container, fingerprint)


def against_previous(
    findings: Iterable[Finding],
    previous: Sequence[Finding],
    covered: frozenset[str],
    still_there: Container[str] = frozenset(),
) -> tuple[Finding, ...]:
    """Mark each finding new or ongoing, and append the previous ones that are gone as resolved.

    One that comes marked as ongoing stays so. A previous finding counts as resolved only if its
    container is in `covered`, the names of the containers whose logs this run read to the end;
    what was not looked at is not resolved. `still_there` has the ids of findings about patterns
    that this run met: what the model alone once said of one is not resolved by its silence.
    """
    before = {item.id for item in previous if item.state is not FindingState.RESOLVED}
    marked = [
        replace(item, state=FindingState.ONGOING if _is_known(item, before) else FindingState.NEW)
        for item in findings
    ]
    now = {item.id for item in marked}
    gone = [
        replace(item, state=FindingState.RESOLVED)
        for item in previous
        if item.id in before - now
        and (item.container or "") in covered
        and not (item.source is Source.LLM and item.id in still_there)
    ]
    order = {FindingState.RESOLVED: 1}
    return tuple(
        sorted(
            marked + gone,
            key=lambda item: (order.get(item.state, 0), -item.severity.rank, -item.count, item.id),
        )
    )


def _is_known(item: Finding, before: Container[str]) -> bool:
    return item.id in before or item.state is FindingState.ONGOING


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The highest severity among findings that are not resolved; None when there are none."""
    open_ones = [item.severity for item in findings if item.state is not FindingState.RESOLVED]
    return max(open_ones, key=lambda severity: severity.rank, default=None)
