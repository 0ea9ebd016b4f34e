"""The outside world as the program sees it: one protocol for each thing that can be replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import (
    AllowlistEntry,
    AuditEvent,
    ContainerInfo,
    Cursor,
    ImageEntry,
    JobSettlement,
    LlmCall,
    NewArtifact,
    NewRun,
    Price,
    RunRecord,
)


class Clock(Protocol):
    """Time, so that tests need not wait for it."""

    def now(self) -> datetime:
        """The current aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open span of log time (after, until]; `after` None means from the beginning."""

    after: int | None
    until: int


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Consecutive whole lines of one container in the order the daemon gave them.

    The three sequences run in parallel: nanosecond times, streams (`stdout` or `stderr`) and
    the raw text without its line end. `size_bytes` is what the text measured.
    """

    times: Sequence[int]
    streams: Sequence[str]
    lines: Sequence[bytes]
    size_bytes: int


class ContainerHost(Protocol):
    """A Docker daemon."""

    def containers(self) -> list[ContainerInfo]:
        """All containers, running or not, ordered by name."""
        ...

    def inspect(self, container: str) -> ContainerInfo:
        """One container by exact name or id, in full. Raises NotFound."""
        ...

    def now_ns(self) -> int:
        """The daemon's clock, which stamps the log lines."""
        ...

    def read_logs(self, container: ContainerInfo, window: Window) -> Iterator[LogBatch]:
        """The lines within the window. Raises LogsUnreadable if the log driver refuses."""
        ...

    def first_log_time(self, container: ContainerInfo) -> int | None:
        """The time of the oldest line that the daemon still has; None for an empty log."""
        ...

    def resolve_image(self, reference: str) -> str:
        """The digest (or image id) that a reference means today. Raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The model behind an endpoint, as the server describes it."""

    endpoint: str
    model: str
    context_tokens: int
    is_private: bool
    max_parallel: int = 1


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to the model. Its text is never printed by accident."""

    purpose: str
    container: str | None
    system: str = field(repr=False)
    user: str = field(repr=False)
    schema: Mapping[str, Any] | None = field(repr=False)
    max_tokens: int


@dataclass(frozen=True, slots=True)
class ChatReply:
    """The model's answer. `finish_reason` is the server's; `length` means it was cut."""

    text: str = field(repr=False)
    finish_reason: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one HTTP request to the model.

    Token counts are the server's, None where it gave none. `retry_after_seconds` is what the
    server asked for; `retryable` is whether another attempt may help; `schema_rejected` says
    that the endpoint refused the JSON schema itself.
    """

    outcome: str
    reply: ChatReply | None = None
    http_status: int | None = None
    error_class: str | None = None
    retryable: bool = False
    retry_after_seconds: float | None = None
    schema_rejected: bool = False
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None


class ChatEndpoint(Protocol):
    """An OpenAI-compatible endpoint, one HTTP request at a time and no retries of its own."""

    @property
    def info(self) -> ModelInfo:
        """The endpoint and its model."""
        ...

    def count(self, text: str) -> int:
        """How many tokens `text` is: an estimate on the safe side, for which nothing is sent."""
        ...

    def send(self, request: ChatRequest, *, with_schema: bool) -> Attempt:
        """Ask once. Never raises for what a server or network can do; raises Cancelled."""
        ...

    def close(self) -> None:
        """Break off whatever is under way; safe to call from another thread."""
        ...


class PreviewEndpoint(ChatEndpoint, Protocol):
    """An endpoint that sends nothing and keeps what it would have sent."""

    @property
    def requests(self) -> Sequence[tuple[ChatRequest, bytes]]:
        """Each request with its body, byte for byte, in the order asked."""
        ...


class Models(Protocol):
    """The configured endpoints."""

    def discover(self, endpoint: str | None, model: str | None) -> ModelInfo:
        """Ask a named endpoint (None: the default one) for its model.

        Raises LlmUnavailable when none answers, PolicyRefused when it may not be used.
        """
        ...

    def open(self, info: ModelInfo) -> ChatEndpoint:
        """A connection of one job to the endpoint."""
        ...

    def preview(self, info: ModelInfo) -> PreviewEndpoint:
        """The same, sending nothing."""
        ...

    def price(self, info: ModelInfo) -> Price | None:
        """The price in force now; None when unpriced."""
        ...


class Llm(Protocol):
    """The model as a worker may use it: within budget, redacted, recorded."""

    @property
    def info(self) -> ModelInfo:
        """The endpoint and its model."""
        ...

    def count(self, text: str) -> int:
        """How many tokens `text` is: an estimate on the safe side, for which nothing is sent."""
        ...

    def ask(self, request: ChatRequest) -> ChatReply:
        """The model's answer. Raises LlmUnavailable, BudgetSpent or Cancelled."""
        ...


class ArtifactStore(Protocol):
    """The folder below which all artifacts live."""

    def write(self, path: str, content: bytes, *, kind: str, media_type: str) -> NewArtifact:
        """Write a file whole or not at all. Raises PolicyRefused for a path outside the root."""
        ...

    def read(self, path: str) -> bytes:
        """The content of an artifact. Raises NotFound, or PolicyRefused outside the root."""
        ...

    def discard(self, run_folder: str) -> None:
        """Remove what an unfinished run left under this folder."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """The process that runs a launch, as the records name it."""

    host: str
    pid: int
    boot_id: str


class Progress(Protocol):
    """Someone who watches a launch; silent by default."""

    def job_started(self, key: str) -> None:
        """A job began."""
        ...

    def reading(self, key: str, container: str, lines: int) -> None:
        """`lines` lines of a container have been read so far."""
        ...

    def tokens(self, key: str, total: int) -> None:
        """The job has used `total` tokens so far."""
        ...

    def job_finished(self, key: str, status: Status) -> None:
        """A job ended."""
        ...

    def note(self, message: str) -> None:
        """Something a person should know while the run goes on."""
        ...


class Locks(Protocol):
    """Locks between processes that die with their holder."""

    def hold(self, name: str) -> AbstractContextManager[bool]:
        """Try to take the lock; the context's value says whether it was free."""
        ...


class Journal(Protocol):
    """Every write to the records, one transaction each."""

    def create_run(self, run: NewRun) -> tuple[int, dict[str, int]]:
        """Record a pending run; its id, and the id of each job by key."""
        ...

    def start_run(self, run_id: int) -> None:
        """The run is running."""
        ...

    def start_job(self, job_id: int) -> None:
        """The job is running."""
        ...

    def heartbeat(self, run_id: int) -> bool:
        """Say that the run is alive; True when someone asked it to stop."""
        ...

    def record_call(self, call: LlmCall) -> None:
        """Add a row to the ledger, and its tokens to the sums of job and run."""
        ...

    def settle_job(self, job_id: int, settlement: JobSettlement) -> None:
        """End the job: status, artifacts, cursors and patterns in one transaction."""
        ...

    def finish_run(self, run_id: int, status: Status, degraded_reasons: Sequence[str]) -> None:
        """End the run. Jobs that never started end with it, cancelled."""
        ...

    def interrupt_run(self, run_id: int) -> None:
        """Record that a run's process is gone: the run and its open jobs are interrupted."""
        ...

    def request_cancel(self, run_id: int) -> None:
        """Ask a running run to stop."""
        ...

    def audit(self, event: AuditEvent) -> None:
        """Record what policy decided."""
        ...

    def note_containers(self, containers: Iterable[ContainerInfo]) -> None:
        """Bring the container inventory up to date."""
        ...

    def set_container(self, name: str, *, enabled: bool, note: str | None = None) -> bool:
        """Add or change an allowlist entry; False when nothing changed."""
        ...

    def remove_container(self, name: str) -> bool:
        """Take a container off the allowlist; False when it was not on it."""
        ...

    def set_image(
        self, reference: str, digest: str, *, enabled: bool, note: str | None = None
    ) -> bool:
        """Add or change an approved image; False when nothing changed."""
        ...

    def remove_image(self, reference: str) -> bool:
        """Withdraw an image's approval; False when it had none."""
        ...


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A run that the records hold to be alive."""

    id: int
    directive: str
    host: str
    pid: int
    boot_id: str
    lock_name: str


class History(Protocol):
    """What the engine needs to read of the records."""

    def allowlist(self) -> list[AllowlistEntry]:
        """All container entries, ordered by name."""
        ...

    def images(self) -> list[ImageEntry]:
        """All approved images, ordered by reference."""
        ...

    def cursors(self, directive: str, job_key: str) -> dict[str, Cursor]:
        """The cursors of a directive's job, by container id."""
        ...

    def seen(self, directive: str, job_key: str) -> dict[str, frozenset[str]]:
        """The fingerprints earlier runs saw, by container name."""
        ...

    def active_runs(self) -> list[ActiveRun]:
        """Runs recorded as pending or running."""
        ...

    def run_by_key(self, run_key: str) -> int | None:
        """The id of the run launched with this idempotency key."""
        ...

    def previous_artifacts(self, directive: str, job_key: str, kind: str) -> list[str]:
        """Paths of the artifacts of this kind from the job's last successful run."""
        ...

    def spent(self, since: datetime) -> tuple[int, dict[str, Any]]:
        """Tokens, and money by currency, of all calls since a time."""
        ...

    def run(self, run_id: int) -> RunRecord:
        """A run with its jobs. Raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker has to say, ready to be written as a document for people."""

    title: str
    created_at: datetime
    findings: tuple[Finding, ...]
    readings: tuple[Any, ...]
    notes: tuple[str, ...] = ()


class Documents(Protocol):
    """Reports as text for people."""

    def markdown(self, report: Report) -> str:
        """The report as Markdown, hostile text escaped."""
        ...
