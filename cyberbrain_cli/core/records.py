"""What is recorded of runs, and the shapes that `--output json` prints.

The dataclasses are the published schema: `cyberbrain config schema --of run` is made from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.timestamps import LogTime


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Sums over ledger rows. `unknown_calls` rows had no usage and are in none of the sums."""

    prompt: int = 0
    completion: int = 0
    total: int = 0
    estimated: bool = False
    unknown_calls: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """Money spent. `amount` is None when no call had a price; calls without one are counted."""

    amount: Decimal | None = None
    currency: str | None = None
    unpriced_calls: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """Log time that can no longer be read: lines were rotated away before this run came."""

    after: LogTime
    until: LogTime
    seconds: float


@dataclass(frozen=True, slots=True)
class Truncation:
    """A cap that ended the reading early; the next run goes on after `read_until`."""

    reason: str
    limit: int
    read_until: LogTime


@dataclass(frozen=True, slots=True)
class ContainerReading:
    """What a job read of one container: the window (after, until] and what was in it."""

    name: str
    container_id: str
    after: LogTime | None
    until: LogTime
    lines: int = 0
    bytes: int = 0
    patterns: int = 0
    gap: Gap | None = None
    truncated: Truncation | None = None
    error: str | None = None


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
class ArtifactEntry:
    """An artifact in a list of many runs' artifacts."""

    id: int
    run_id: int
    job_key: str
    kind: str
    media_type: str
    path: str
    size_bytes: int
    sha256: str
    created_at: datetime


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
    """A run as a list shows it. `findings` counts those not resolved, by severity."""

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


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run with its jobs."""

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


@dataclass(frozen=True, slots=True)
class RunDocument:
    """The document of `launch` and `runs show`: the run, and the findings of all its jobs.

    `warnings` says what could not be shown, such as findings whose artifact is gone.
    """

    schema_version: int
    run: RunRecord
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LlmCall:
    """One HTTP request to the model, as the ledger keeps it. Never its content.

    `outcome` is `ok`, `cut` (the answer reached its limit), `http_error`, `timeout`,
    `connection_error`, `cancelled` or `bad_response`. Tokens are None when the server did not
    say; `estimated` marks counts that are ours. Prices are those at the time of the call, per
    million tokens or per second of duration; None means unpriced.
    """

    run_id: int
    job_id: int
    task: str
    container: str | None
    purpose: str
    endpoint: str
    model: str
    attempt: int
    started_at: datetime
    duration_seconds: float
    outcome: str
    http_status: int | None = None
    error_class: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool = False
    price: Price | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, per million tokens and per second of the call's duration."""

    currency: str
    prompt_per_million: Decimal | None = None
    cached_prompt_per_million: Decimal | None = None
    completion_per_million: Decimal | None = None
    per_gpu_second: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CostRow:
    """Tokens and money of one group of calls; `keys` names the group, in the order asked."""

    keys: dict[str, str | None]
    calls: int
    failed_calls: int
    tokens: TokenCount
    cost: Cost


@dataclass(frozen=True, slots=True)
class AllowlistEntry:
    """A container that may be read: its exact name."""

    name: str
    enabled: bool
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """An image that may be run: the reference asked for and the digest it was pinned to."""

    reference: str
    digest: str
    enabled: bool
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ContainerInfo:
    """A container as the daemon reports it. Labels and names are hostile input.

    Restart count, exit code, OOM state and log driver are known only after `inspect`.
    """

    id: str
    name: str
    image: str
    state: str
    labels: dict[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    health: str | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    restart_count: int = 0
    tty: bool = False
    log_driver: str | None = None

    @property
    def compose_project(self) -> str | None:
        """The Compose project the container says it belongs to."""
        return self.labels.get("com.docker.compose.project")

    @property
    def compose_service(self) -> str | None:
        """The Compose service the container says it is."""
        return self.labels.get("com.docker.compose.service")


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a job has read a container's log: everything up to `until` inclusive.

    `last_line` is the time of the last line read, by which a later run sees that nothing
    was rotated away in between.
    """

    container_id: str
    container: str
    until: int
    last_line: int | None = None


@dataclass(frozen=True, slots=True)
class PatternSighting:
    """A pattern seen in a container: its fingerprint and how often, never its text."""

    container: str
    fingerprint: str
    count: int


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run about to begin: what the journal writes before anything is done."""

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


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job of a run about to begin; `position` is its place in the order of execution."""

    key: str
    task: str
    position: int
    params: dict[str, Any]


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


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something policy decided that an operator may want to look up later."""

    action: str
    subject: str
    outcome: str
    reason: str
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class DirectiveEntry:
    """A directive file as a list shows it; one that is not valid carries its problems."""

    name: str
    version: int | None
    description: str
    path: str
    tasks: tuple[str, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArtifactCheck:
    """What `artifacts verify` found: `status` is ok, missing or altered."""

    id: int
    run_id: int
    path: str
    status: str
