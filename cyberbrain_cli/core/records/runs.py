"""Runs as they are shown: the published schema of `launch` and `runs show`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.incidents import Chain, Story
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.panels import Panel, Timeline
from cyberbrain_cli.core.records.ledger import Cost, TokenCount
from cyberbrain_cli.core.records.readings import ContainerReading


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """A file a run wrote; `path` is relative to the artifact root."""

    id: int
    kind: str
    media_type: str
    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """Why a job or run failed, in the words a person was told."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One task within a run."""

    id: int
    key: str
    task: str
    status: Status
    started_at: datetime | None
    finished_at: datetime | None
    duration_seconds: float | None
    degraded_reasons: tuple[str, ...]
    error: ErrorRecord | None
    tokens: TokenCount
    cost: Cost
    containers: tuple[ContainerReading, ...]
    artifacts: tuple[ArtifactRecord, ...]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as a list shows it. `findings` counts those not resolved, by severity.

    `retry_of` is the run whose jobs this one did again, if it is a retry.
    """

    id: int
    directive: str
    directive_version: int
    status: Status
    degraded: bool
    host: str
    run_key: str | None
    labels: dict[str, str]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration_seconds: float | None
    tokens: TokenCount
    cost: Cost
    findings: dict[str, int]
    retry_of: int | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run with its jobs; `retry_of` as in the summary.

    `warnings` say what went wrong after it had ended: a notification that was not sent.
    """

    id: int
    directive: str
    directive_version: int
    status: Status
    degraded: bool
    degraded_reasons: tuple[str, ...]
    host: str
    run_key: str | None
    labels: dict[str, str]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration_seconds: float | None
    error: ErrorRecord | None
    tokens: TokenCount
    cost: Cost
    jobs: tuple[JobRecord, ...]
    retry_of: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunDocument:
    """The document of `launch` and `runs show`: the run, and the findings of all its jobs.

    `warnings` says what could not be shown, such as findings whose artifact is gone. `chains`
    say which findings explain which; `stories` are a model's words about them. `panels` are text
    that jobs show besides, `timelines` how much happened when, and `notes` what a reader should
    know of how it was found.
    """

    schema_version: int
    run: RunRecord
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()
    chains: tuple[Chain, ...] = ()
    stories: tuple[Story, ...] = ()
    panels: tuple[Panel, ...] = ()
    timelines: tuple[Timeline, ...] = ()
    notes: tuple[str, ...] = ()
