"""The records, written and read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import (
    AllowlistEntry,
    ArtifactRecord,
    AuditEvent,
    ContainerInfo,
    Cursor,
    Held,
    ImageEntry,
    JobSettlement,
    LlmCall,
    NewRun,
    PeriodLimit,
    Reservation,
    RunRecord,
)


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

    def reserve(self, reservation: Reservation, limits: Sequence[PeriodLimit]) -> Held:
        """Set aside what a call may use, if every limit has room. Raises BudgetSpent."""
        ...

    def release(self, held: Held) -> None:
        """Give back what was set aside for a call that was not made."""
        ...

    def record_call(self, call: LlmCall, held: Held | None = None) -> None:
        """Add a row to the ledger, and what it used to every sum; what was set aside is free."""
        ...

    def record_calls(self, calls: Sequence[LlmCall]) -> None:
        """Add rows to the ledger, and what they used to every sum, in one transaction."""
        ...

    def settle_job(self, job_id: int, settlement: JobSettlement) -> None:
        """End the job: status, artifacts, cursors and patterns in one transaction."""
        ...

    def finish_run(self, run_id: int, status: Status, degraded_reasons: Sequence[str]) -> None:
        """End the run. Jobs that never started end with it, cancelled."""
        ...

    def warn_run(self, run_id: int, warnings: Sequence[str]) -> None:
        """Record what went wrong after the run had ended."""
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
        self,
        reference: str,
        digest: str,
        *,
        enabled: bool,
        note: str | None = None,
        allows: Collection[str] | None = None,
    ) -> bool:
        """Add or change an approved image; False when nothing changed.

        A note or permissions of None stay what they were.
        """
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

    def previous_artifacts(self, directive: str, job_key: str, kind: str) -> list[ArtifactRecord]:
        """Paths of the artifacts of this kind from the job's last successful run."""
        ...

    def run(self, run_id: int) -> RunRecord:
        """A run with its jobs. Raises NotFound."""
        ...
