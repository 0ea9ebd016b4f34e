"""Every write to the records, one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, select, update

from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import (
    AuditEvent,
    ContainerInfo,
    Held,
    JobSettlement,
    LlmCall,
    NewRun,
    PeriodLimit,
    Reservation,
)
from cyberbrain_cli.store import budgets, counters
from cyberbrain_cli.store.approvals import audit, remove_entry, set_entry
from cyberbrain_cli.store.database import Database, RecordConflict
from cyberbrain_cli.store.ledger import record
from cyberbrain_cli.store.moves import end_open_jobs, move
from cyberbrain_cli.store.settlement import settle
from cyberbrain_cli.store.sql import (
    CONTAINERS,
    DIRECTIVES,
    IMAGES,
    INVENTORY,
    JOBS,
    RUNS,
    add,
    insert_new,
    upsert,
)

P = ParamSpec("P")
T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(UTC)


def _transaction(
    method: Callable[Concatenate[SqlJournal, Connection, P], T],
) -> Callable[Concatenate[SqlJournal, P], T]:
    """The method's own transaction, done again if somebody was in the way."""

    @wraps(method)
    def whole(self: SqlJournal, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.write(lambda connection: method(self, connection, *args, **kwargs))

    return whole


class SqlJournal:
    """The journal in a database; implements `core.ports.Journal`.

    Every method raises DatabaseUnavailable when the database fails it.
    """

    def __init__(self, database: Database, now: Callable[[], datetime] = _now) -> None:
        self.database = database
        self._now = now

    def create_run(self, run: NewRun) -> tuple[int, dict[str, int]]:
        """Record a pending run; its id, and the id of each job by key.

        Raises CyberbrainError when another run has the same run key.
        """
        try:
            return self._create(run)
        except RecordConflict:
            if run.run_key is None:
                raise
            raise CyberbrainError(f"The run key '{run.run_key}' is taken.") from None

    @_transaction
    def _create(self, connection: Connection, run: NewRun) -> tuple[int, dict[str, int]]:
        values = asdict(run)
        jobs = values.pop("jobs")
        text, sha256 = values.pop("directive_text"), values.pop("directive_sha256")
        values["directive_id"] = self._snapshot(connection, run, text, sha256)
        values |= {"status": Status.PENDING.value, "created_at": self._now()}
        run_id = add(connection, RUNS, values)
        counters.run_created(connection, run)
        pending = {"run_id": run_id, "status": Status.PENDING.value}
        return run_id, {job["key"]: add(connection, JOBS, job | pending) for job in jobs}

    def _snapshot(self, connection: Connection, run: NewRun, text: str, sha256: str) -> int:
        values = {"name": run.directive, "version": run.directive_version, "text": text}
        values |= {"sha256": sha256, "created_at": self._now()}
        insert_new(connection, DIRECTIVES, values)
        known = select(DIRECTIVES.c.id).where(DIRECTIVES.c.sha256 == sha256)
        return int(connection.execute(known).scalar_one())

    @_transaction
    def start_run(self, connection: Connection, run_id: int) -> None:
        """The run is running."""
        now = self._now()
        move(connection, RUNS, run_id, Status.RUNNING, started_at=now, heartbeat_at=now)

    @_transaction
    def start_job(self, connection: Connection, job_id: int) -> None:
        """The job is running."""
        move(connection, JOBS, job_id, Status.RUNNING, started_at=self._now())

    @_transaction
    def heartbeat(self, connection: Connection, run_id: int) -> bool:
        """Say that the run is alive; True when someone asked it to stop."""
        mine = RUNS.c.id == run_id
        connection.execute(update(RUNS).where(mine).values(heartbeat_at=self._now()))
        return bool(connection.execute(select(RUNS.c.cancel_requested).where(mine)).scalar())

    @_transaction
    def reserve(
        self, connection: Connection, reservation: Reservation, limits: Sequence[PeriodLimit]
    ) -> Held:
        """Set aside what a call may use, if every limit has room. Raises BudgetSpent."""
        return budgets.reserve(connection, reservation, limits)

    @_transaction
    def release(self, connection: Connection, held: Held) -> None:
        """Give back what was set aside for a call that was not made."""
        budgets.release(connection, held)

    @_transaction
    def record_call(self, connection: Connection, call: LlmCall, held: Held | None = None) -> None:
        """Add a row to the ledger, and what it used to every sum; what was set aside is free.

        What the call counts beyond what its row says stays set aside until the period ends.
        """
        record(connection, (call,))
        if held is not None:
            budgets.settle(connection, held, call)

    @_transaction
    def record_calls(self, connection: Connection, calls: Sequence[LlmCall]) -> None:
        """Add rows to the ledger, and what they used to every sum, in one transaction."""
        record(connection, calls)

    @_transaction
    def settle_job(self, connection: Connection, job_id: int, settlement: JobSettlement) -> None:
        """End the job: status, artifacts, cursors and patterns in one transaction.

        Raises RunFailed when the job was ended elsewhere meanwhile; nothing is written then.
        """
        now = self._now()
        move(connection, JOBS, job_id, settlement.status, finished_at=now)
        counters.jobs_ended(connection, JOBS.c.id == job_id, settlement.status, now)
        settle(connection, job_id, settlement, now)

    @_transaction
    def finish_run(
        self, connection: Connection, run_id: int, status: Status, degraded_reasons: Sequence[str]
    ) -> None:
        """End the run. Jobs that never started end with it, cancelled."""
        now = self._now()
        reasons = list(degraded_reasons)
        end_open_jobs(connection, run_id, Status.CANCELLED, now)
        ending = {"degraded": bool(reasons), "degraded_reasons": reasons, "finished_at": now}
        move(connection, RUNS, run_id, status, **ending)
        budgets.settle_run(connection, run_id, now)
        counters.run_ended(connection, run_id, status, now, degraded=bool(reasons))

    @_transaction
    def warn_run(self, connection: Connection, run_id: int, warnings: Sequence[str]) -> None:
        """Record what went wrong after the run had ended."""
        told = update(RUNS).where(RUNS.c.id == run_id).values(warnings=list(warnings))
        connection.execute(told)

    @_transaction
    def interrupt_run(self, connection: Connection, run_id: int) -> None:
        """Record that a run's process is gone: the run and its open jobs are interrupted."""
        now = self._now()
        end_open_jobs(connection, run_id, Status.INTERRUPTED, now)
        move(connection, RUNS, run_id, Status.INTERRUPTED, finished_at=now)
        budgets.settle_run(connection, run_id, now)
        counters.run_ended(connection, run_id, Status.INTERRUPTED, now)

    @_transaction
    def request_cancel(self, connection: Connection, run_id: int) -> None:
        """Ask a running run to stop."""
        connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(cancel_requested=True))

    @_transaction
    def audit(self, connection: Connection, event: AuditEvent) -> None:
        """Record what policy decided."""
        audit(connection, event, self._now())

    def note_containers(self, containers: Iterable[ContainerInfo]) -> None:
        """Bring the container inventory up to date."""
        self._note(tuple(containers))

    @_transaction
    def _note(self, connection: Connection, containers: tuple[ContainerInfo, ...]) -> None:
        now = self._now()
        kept = ("name", "image", "state", "compose_project", "compose_service")
        rows = [
            {name: getattr(item, name) for name in kept}
            | {"container_id": item.id, "first_seen_at": now, "last_seen_at": now}
            for item in containers
        ]
        upsert(connection, INVENTORY, rows, (*kept, "last_seen_at"))

    @_transaction
    def set_container(
        self, connection: Connection, name: str, *, enabled: bool, note: str | None = None
    ) -> bool:
        """Add or change an allowlist entry; False when nothing changed."""
        return set_entry(
            connection, CONTAINERS, name, {"enabled": enabled}, {"note": note}, self._now()
        )

    @_transaction
    def remove_container(self, connection: Connection, name: str) -> bool:
        """Take a container off the allowlist; False when it was not on it."""
        return remove_entry(connection, CONTAINERS, name, self._now())

    @_transaction
    def set_image(
        self,
        connection: Connection,
        reference: str,
        digest: str,
        *,
        enabled: bool,
        note: str | None = None,
        allows: Collection[str] | None = None,
    ) -> bool:
        """Add or change an approved image; False when nothing changed."""
        values = {"digest": digest, "enabled": enabled}
        told = None if allows is None else " ".join(sorted(allows))
        remarks = {"note": note, "allows": told}
        return set_entry(connection, IMAGES, reference, values, remarks, self._now())

    @_transaction
    def remove_image(self, connection: Connection, reference: str) -> bool:
        """Withdraw an image's approval; False when it had none."""
        return remove_entry(connection, IMAGES, reference, self._now())
