"""The machine, its files, its locks, and whoever watches."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.incidents import Chain, Story
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.panels import Panel, Table
from cyberbrain_cli.core.records import (
    NewArtifact,
)

if TYPE_CHECKING:
    from cyberbrain_cli.core.notice import Notice
    from cyberbrain_cli.core.records import RunDocument


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
class Identity:
    """The process that runs a launch, as the records name it, and whose it is."""

    host: str
    pid: int
    boot_id: str
    user: str = ""


class Locks(Protocol):
    """Locks between processes that die with their holder."""

    def hold(self, name: str) -> AbstractContextManager[bool]:
        """Try to take the lock; the context's value says whether it was free."""
        ...


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


class ArtifactStore(Protocol):
    """The folder below which all artifacts live."""

    def write(self, path: str, content: bytes, *, kind: str, media_type: str) -> NewArtifact:
        """Write a file whole or not at all. Raises PolicyRefused for a path outside the root."""
        ...

    def read(self, path: str) -> bytes:
        """The content of an artifact. Raises NotFound, or PolicyRefused outside the root."""
        ...

    def discard(self, run_folder: str) -> None:
        """Remove what a run left under this folder. Raises NotFound where there is no root."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker has to say, ready to be written as a document for people."""

    title: str
    created_at: datetime
    findings: tuple[Finding, ...]
    readings: tuple[Any, ...]
    notes: tuple[str, ...] = ()
    chains: tuple[Chain, ...] = ()
    story: Story | None = None
    panels: tuple[Panel, ...] = ()
    tables: tuple[Table, ...] = ()


class Documents(Protocol):
    """Reports as text for people."""

    def markdown(self, report: Report) -> str:
        """The report as Markdown, hostile text escaped."""
        ...

    def notice(self, document: RunDocument) -> Notice:
        """A run in a few lines of plain text, for those who are told of it."""
        ...

    def failure(self, directive: str, host: str, message: str) -> Notice:
        """The same of a launch that has no run, or none whose records can be read."""
        ...
