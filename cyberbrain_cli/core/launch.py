"""What a caller asks of a launch, the plan that answers it, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from cyberbrain_cli.core.errors import ExitCode
from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.records import RunDocument
from cyberbrain_cli.core.timestamps import LogTime


class IfRunning(StrEnum):
    """What to do when another launch of the same directive is running."""

    FAIL = "fail"
    SKIP = "skip"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """The command line of a launch.

    Either `directive` (a name or a path) or `tasks` is given. `since` is `last-success`, a
    duration or a time; `until` a duration or a time.
    """

    directive: str | None = None
    tasks: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    since: str = "last-success"
    until: str | None = None
    params: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    run_key: str | None = None
    no_llm: bool = False
    fail_on: Severity | None = None
    if_running: IfRunning = IfRunning.FAIL
    timeout_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedContainer:
    """A container that a job would read, and the window (after, until]."""

    name: str
    container_id: str
    after: LogTime | None
    until: LogTime
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job that would run. `estimated_tokens` is the most it may use; None when it uses none."""

    key: str
    task: str
    needs: tuple[str, ...]
    on_failure: str
    timeout_seconds: float | None
    params: dict[str, Any]
    containers: tuple[PlannedContainer, ...]
    estimated_tokens: int | None


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """What a launch would do, jobs in the order of execution."""

    directive: str
    directive_version: int
    created_at: datetime
    labels: dict[str, str]
    llm: str
    jobs: tuple[PlannedJob, ...]


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """The document of `launch --dry-run`."""

    schema_version: int
    plan: PlanRecord


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """A request body, byte for byte as it would be sent."""

    endpoint: str
    container: str | None
    purpose: str
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PreviewDocument:
    """The document of `launch --preview`."""

    schema_version: int
    requests: tuple[PreviewRequest, ...]


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """What a launch came to. `document` is None when it was skipped as already running."""

    document: RunDocument | None
    exit_code: ExitCode


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `doctor`: `status` is ok, warning or failed; `hint` says how to mend it."""

    name: str
    status: str
    message: str
    hint: str = ""
