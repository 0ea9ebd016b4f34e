"""The contract between the engine and a task worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cyberbrain_cli.core.directive import ContainerSelection
from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.ports import (
    Clock,
    ContainerHost,
    ContainerRunner,
    Gpus,
    Llm,
    Progress,
    Report,
    Window,
)
from cyberbrain_cli.core.records import (
    ContainerInfo,
    ContainerReading,
    Cursor,
    InputFile,
    NewArtifact,
    PatternSighting,
)
from cyberbrain_cli.core.timestamps import parse_duration


class TaskParams(BaseModel):
    """Base of every task's own options in a directive."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def secrets(self, environment: Mapping[str, str]) -> Iterable[str]:  # noqa: ARG002 - for others
        """What the options hold, or take from the caller's environment, that must not be shown.

        Raises UsageError for variables that are not set.
        """
        return ()

    @classmethod
    def of_record(cls, recorded: Mapping[str, Any], directive: Self | None) -> Self:  # noqa: ARG003
        """The options that the records have of a job, whose directive had these.

        What the records do not have, since it is secret, comes from the directive. Raises
        ValueError where that does not go together.
        """
        return cls.model_validate(recorded)

    def reads_from(self) -> Iterable[str]:
        """The keys of the jobs whose artifacts the job reads; it must need them."""
        return ()


class LogTaskParams(TaskParams):
    """Base of the options of a task that reads logs."""

    containers: ContainerSelection = Field(
        default_factory=ContainerSelection, description="Which of the allowlisted containers."
    )
    initial_window: str = Field(
        "24h", description="How far back to read a container never read before: a duration, or all."
    )

    @field_validator("initial_window")
    @classmethod
    def _is_a_duration_or_all(cls, value: str) -> str:
        if value != "all":
            parse_duration(value)
        return value


@dataclass(frozen=True, slots=True)
class Target:
    """A container that a job may read, and the window of its log to read.

    `cursor` is where the last successful run ended; None for one never read. `problem` says
    why there is nothing to read, when the container is gone.
    """

    container: ContainerInfo
    window: Window
    cursor: Cursor | None = None
    problem: str | None = None


class ArtifactWriter(Protocol):
    """The job's own folder of artifacts: what is written is redacted, confined and recorded."""

    def json(self, kind: str, name: str, document: Any) -> NewArtifact:
        """Write a document of dataclasses, mappings, sequences and scalars as JSON."""
        ...

    def markdown(self, kind: str, name: str, report: Report) -> NewArtifact:
        """Write a report for people."""
        ...

    def text(self, kind: str, name: str, text: str, media_type: str) -> NewArtifact:
        """Write any other text, which is redacted line by line."""
        ...

    def binary(self, kind: str, name: str, content: bytes, media_type: str) -> NewArtifact:
        """Write what is no text and cannot be redacted, as it is."""
        ...


@dataclass(frozen=True, slots=True)
class JobContext:
    """All that a worker may touch. Everything in it is guarded.

    `llm` is None when the launch goes without a model; `llm_absence` then says why, unless
    nobody wanted one. `check` raises Cancelled as soon as the run is to stop, and is to be
    called between pieces of work. `seen` holds the fingerprints of earlier runs by container
    name; a container that is missing there was never read before. `redact` is what every text
    passes before it leaves the worker. `earlier` gives the documents of a kind of JSON artifact
    that this job's last successful run wrote; none when there was no such run. `results` gives
    the artifacts that a job of this run wrote, of a kind or of all; it must be one of those that
    `reads_from` of the params names. `runner` runs containers of approved images.
    """

    run_id: int
    job_key: str
    directive: str
    targets: tuple[Target, ...]
    host: ContainerHost
    gpus: Gpus
    runner: ContainerRunner
    llm: Llm | None
    llm_absence: str | None
    artifacts: ArtifactWriter
    redact: Callable[[str], str]
    clock: Clock
    progress: Progress
    check: Callable[[], None]
    previous: tuple[Finding, ...] = ()
    seen: Mapping[str, frozenset[str]] = field(default_factory=dict)
    max_parallel: int = 1
    earlier: Callable[[str], tuple[Any, ...]] = lambda _kind: ()
    results: Callable[[str, str | None], tuple[InputFile, ...]] = lambda _job, _kind: ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a worker hands back; the engine records it.

    `degraded` names what the job did without. `cursors` and `patterns` take effect only in the
    transaction that marks the job succeeded. A worker that cannot do its work raises RunFailed;
    one whose work failed and left something to be read says so in `failure`: what it wrote and
    found is kept.
    """

    findings: tuple[Finding, ...] = ()
    containers: tuple[ContainerReading, ...] = ()
    artifacts: tuple[NewArtifact, ...] = ()
    cursors: tuple[Cursor, ...] = ()
    patterns: tuple[PatternSighting, ...] = ()
    degraded: tuple[str, ...] = ()
    failure: CyberbrainError | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """A kind of task. `reads_logs` asks the engine for targets with windows.

    The params of a worker that reads logs derive from LogTaskParams. `tokens_at_most` tells,
    for its params and a number of containers, the most tokens that the job may use.
    """

    key: str
    summary: str
    params: type[TaskParams]
    run: Callable[[Any, JobContext], Outcome]
    reads_logs: bool = False
    uses_llm: bool = False
    tokens_at_most: Callable[[Any, int], int] | None = None
