"""What the journal is told when a run begins and when a job ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records.readings import ContainerReading, Cursor, PatternSighting
from cyberbrain_cli.core.records.runs import ErrorRecord
from cyberbrain_cli.core.timestamps import LogTime


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run about to begin: what the journal writes before anything is done.

    `options` are those of the command line that a retry is to have too; `retry_of` is the run
    whose jobs are done again.
    """

    directive: str
    directive_version: int
    directive_sha256: str
    directive_text: str
    host: str
    pid: int
    boot_id: str
    lock_name: str
    run_key: str | None
    labels: dict[str, str]
    jobs: tuple[NewJob, ...]
    options: dict[str, Any] = field(default_factory=dict)
    retry_of: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """A container that a job is to read, and the window (after, until] of its log."""

    container: str
    container_id: str
    after: LogTime | None
    until: LogTime
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job of a run about to begin; `position` is its place in the order of execution."""

    key: str
    task: str
    position: int
    params: dict[str, Any]
    windows: tuple[PlannedWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class NewArtifact:
    """A file that is safely on disk below the artifact root and not yet in the records."""

    kind: str
    media_type: str
    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FindingCount:
    """What the records keep of a finding: its id, severity and state, never its text."""

    id: str
    severity: str
    state: str


@dataclass(frozen=True, slots=True)
class JobSettlement:
    """How a job ended, with all that becomes true in the same transaction.

    Cursors and patterns are written only when `status` is succeeded.
    """

    status: Status
    error: ErrorRecord | None = None
    degraded_reasons: tuple[str, ...] = ()
    containers: tuple[ContainerReading, ...] = ()
    findings: tuple[FindingCount, ...] = ()
    artifacts: tuple[NewArtifact, ...] = ()
    cursors: tuple[Cursor, ...] = ()
    patterns: tuple[PatternSighting, ...] = ()
