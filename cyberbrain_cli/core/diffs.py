"""Two runs side by side: the published schema of `runs diff`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cyberbrain_cli.core.findings import Finding, Severity
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import RunSummary
from cyberbrain_cli.core.service_map import Changes


@dataclass(frozen=True, slots=True)
class SeverityChange:
    """A finding that both runs have, graver or lighter by rule than it was."""

    finding: Finding
    before: Severity
    after: Severity


@dataclass(frozen=True, slots=True)
class FindingChanges:
    """What became of the findings, told by their ids and never by anybody's words.

    `resolved` are those of the earlier run that the later one looked for and did not find;
    `not_compared` counts those that it did not look for: its job failed, or did not read the
    container to the end. `perhaps_new` are those of the later run that the earlier one did not
    look for. `by_model` counts findings that the model alone raised in one of the two runs,
    about patterns in both: its words changed, the logs did not.
    """

    new: tuple[Finding, ...]
    resolved: tuple[Finding, ...]
    worse: tuple[SeverityChange, ...]
    better: tuple[SeverityChange, ...]
    unchanged: int
    not_compared: int = 0
    by_model: int = 0
    perhaps_new: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class PatternChange:
    """A pattern that one of the runs met and the other did not; `count` is from the one."""

    container: str
    fingerprint: str
    severity: str
    template: str
    count: int


@dataclass(frozen=True, slots=True)
class PatternChanges:
    """Patterns by their fingerprints, of the containers that both runs read to the end.

    Those `not_listed` came or went too; no text of them was kept.
    """

    appeared: tuple[PatternChange, ...]
    vanished: tuple[PatternChange, ...]
    unchanged: int
    appeared_not_listed: int = 0
    vanished_not_listed: int = 0


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed between the service maps that a job wrote in both runs."""

    job: str
    changes: Changes


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job in both runs; None where a run did not have it."""

    job: str
    before_status: Status | None
    after_status: Status | None
    before_seconds: float | None
    after_seconds: float | None


@dataclass(frozen=True, slots=True)
class UsageChange:
    """How much more (or, negative, less) the later run used; None where that cannot be said.

    Amounts of different currencies, or of calls without a price, have no difference.
    """

    tokens: int
    amount: Decimal | None
    currency: str | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class DiffDocument:
    """The document of `runs diff`.

    `nothing_new` says that there is neither a finding nor a pattern that the earlier run did
    not have, that no finding is worse, and that no service map changed. It is None where nothing
    of that was seen but not all could be compared; `warnings` say what.
    """

    schema_version: int
    before: RunSummary
    after: RunSummary
    nothing_new: bool | None
    findings: FindingChanges
    patterns: PatternChanges
    service_maps: tuple[Drift, ...]
    jobs: tuple[JobChange, ...]
    usage: UsageChange
    warnings: tuple[str, ...] = ()
