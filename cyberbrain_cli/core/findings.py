"""What a run tells a person: findings with evidence, and their state against the previous run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
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
    """A problem worth a person's attention. `count` is how many log events stand behind it."""

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


def finding_id(*parts: str) -> str:
    """A stable id of what is wrong and where: the same problem has the same id in every run."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()


def against_previous(
    findings: Iterable[Finding], previous: Sequence[Finding], covered: frozenset[str]
) -> tuple[Finding, ...]:
    """Mark each finding new or ongoing, and append the previous ones that are gone as resolved.

    A previous finding counts as resolved only if its container is in `covered`, the names of
    the containers whose logs this run read to the end; what was not looked at is not resolved.
    """
    before = {item.id for item in previous if item.state is not FindingState.RESOLVED}
    marked = [
        replace(item, state=FindingState.ONGOING if item.id in before else FindingState.NEW)
        for item in findings
    ]
    now = {item.id for item in marked}
    gone = [
        replace(item, state=FindingState.RESOLVED)
        for item in previous
        if item.id in before - now and (item.container or "") in covered
    ]
    order = {FindingState.RESOLVED: 1}
    return tuple(
        sorted(
            marked + gone,
            key=lambda item: (order.get(item.state, 0), -item.severity.rank, -item.count, item.id),
        )
    )


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The highest severity among findings that are not resolved; None when there are none."""
    open_ones = [item.severity for item in findings if item.state is not FindingState.RESOLVED]
    return max(open_ones, key=lambda severity: severity.rank, default=None)
