"""Every write to the records, one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from cyberbrain_cli.core.errors import CyberbrainError, NotFound, RunFailed
from cyberbrain_cli.core.lifecycle import ACTIVE, Status, may_follow
from cyberbrain_cli.core.records import AuditEvent, ContainerInfo, JobSettlement, LlmCall, NewRun
from cyberbrain_cli.store.database import Database, RecordConflict
from cyberbrain_cli.store.settlement import settle
from cyberbrain_cli.store.sql import (
    AUDIT,
    CALLS,
    CONTAINERS,
    DIRECTIVES,
    IMAGES,
    INVENTORY,
    JOBS,
    RUNS,
    add,
    upsert,
)
from cyberbrain_cli.store.usage import add_usage


def _now() -> datetime:
    return datetime.now(UTC)


class SqlJournal:
    """The journal in a database; implements `core.ports.Journal`.

    Every method raises DatabaseUnavailable when the database fails it.
    """

    def __init__(self, database: Database, now: Callable[[], datetime] = _now) -> None:
        self._database = database
        self._now = now

    def create_run(self, run: NewRun) -> tuple[int, dict[str, int]]:
        """Record a pending run; its id, and the id of each job by key.

        Raises CyberbrainError when another run has the same run key.
        """
        try:
            with self._database.writing() as connection:
                return self._create(connection, run)
        except RecordConflict:
            raise CyberbrainError(f"The run key '{run.run_key}' is taken.") from None

    def _create(self, connection: Connection, run: NewRun) -> tuple[int, dict[str, int]]:
        values = asdict(run)
        jobs = values.pop("jobs")
        text, sha256 = values.pop("directive_text"), values.pop("directive_sha256")
        values["directive_id"] = self._snapshot(connection, run, text, sha256)
        values |= {"status": Status.PENDING.value, "created_at": self._now()}
        run_id = add(connection, RUNS, values)
        pending = {"run_id": run_id, "status": Status.PENDING.value}
        return run_id, {job["key"]: add(connection, JOBS, job | pending) for job in jobs}

    def _snapshot(self, connection: Connection, run: NewRun, text: str, sha256: str) -> int:
        known = connection.execute(
            select(DIRECTIVES.c.id).where(DIRECTIVES.c.sha256 == sha256)
        ).scalar()
        if known is not None:
            return int(known)
        values = {"name": run.directive, "version": run.directive_version, "text": text}
        return add(connection, DIRECTIVES, values | {"sha256": sha256, "created_at": self._now()})

    def start_run(self, run_id: int) -> None:
        """The run is running."""
        now = self._now()
        with self._database.writing() as connection:
            _move(connection, RUNS, run_id, Status.RUNNING, started_at=now, heartbeat_at=now)

    def start_job(self, job_id: int) -> None:
        """The job is running."""
        with self._database.writing() as connection:
            _move(connection, JOBS, job_id, Status.RUNNING, started_at=self._now())

    def heartbeat(self, run_id: int) -> bool:
        """Say that the run is alive; True when someone asked it to stop."""
        with self._database.writing() as connection:
            connection.execute(
                update(RUNS).where(RUNS.c.id == run_id).values(heartbeat_at=self._now())
            )
            asked = select(RUNS.c.cancel_requested).where(RUNS.c.id == run_id)
            return bool(connection.execute(asked).scalar())

    def record_call(self, call: LlmCall) -> None:
        """Add a row to the ledger, and its tokens to the sums of job and run."""
        values = asdict(call)
        price = values.pop("price") or {}
        with self._database.writing() as connection:
            connection.execute(insert(CALLS).values(**values, **price))
            for table, row_id in ((JOBS, call.job_id), (RUNS, call.run_id)):
                connection.execute(add_usage(table, row_id, call))

    def settle_job(self, job_id: int, settlement: JobSettlement) -> None:
        """End the job: status, artifacts, cursors and patterns in one transaction.

        Raises RunFailed when the job was ended elsewhere meanwhile; nothing is written then.
        """
        with self._database.writing() as connection:
            now = self._now()
            _move(connection, JOBS, job_id, settlement.status, finished_at=now)
            settle(connection, job_id, settlement, now)

    def finish_run(self, run_id: int, status: Status, degraded_reasons: Sequence[str]) -> None:
        """End the run. Jobs that never started end with it, cancelled."""
        now = self._now()
        reasons = list(degraded_reasons)
        with self._database.writing() as connection:
            _end_open_jobs(connection, run_id, Status.CANCELLED, now)
            ending = {"degraded": bool(reasons), "degraded_reasons": reasons, "finished_at": now}
            _move(connection, RUNS, run_id, status, **ending)

    def interrupt_run(self, run_id: int) -> None:
        """Record that a run's process is gone: the run and its open jobs are interrupted."""
        now = self._now()
        with self._database.writing() as connection:
            _end_open_jobs(connection, run_id, Status.INTERRUPTED, now)
            _move(connection, RUNS, run_id, Status.INTERRUPTED, finished_at=now)

    def request_cancel(self, run_id: int) -> None:
        """Ask a running run to stop."""
        with self._database.writing() as connection:
            connection.execute(
                update(RUNS).where(RUNS.c.id == run_id).values(cancel_requested=True)
            )

    def audit(self, event: AuditEvent) -> None:
        """Record what policy decided."""
        with self._database.writing() as connection:
            connection.execute(insert(AUDIT).values(**asdict(event), at=self._now()))

    def note_containers(self, containers: Iterable[ContainerInfo]) -> None:
        """Bring the container inventory up to date."""
        now = self._now()
        rows = [
            {
                "container_id": item.id,
                "name": item.name,
                "image": item.image,
                "state": item.state,
                "compose_project": item.compose_project,
                "compose_service": item.compose_service,
                "first_seen_at": now,
                "last_seen_at": now,
            }
            for item in containers
        ]
        change = ("name", "image", "state", "compose_project", "compose_service", "last_seen_at")
        with self._database.writing() as connection:
            upsert(connection, INVENTORY, rows, change)

    def set_container(self, name: str, *, enabled: bool, note: str | None = None) -> bool:
        """Add or change an allowlist entry; False when nothing changed."""
        with self._database.writing() as connection:
            return self._set(connection, CONTAINERS, {"name": name}, {"enabled": enabled}, note)

    def remove_container(self, name: str) -> bool:
        """Take a container off the allowlist; False when it was not on it."""
        with self._database.writing() as connection:
            return self._remove(connection, CONTAINERS, {"name": name})

    def set_image(
        self, reference: str, digest: str, *, enabled: bool, note: str | None = None
    ) -> bool:
        """Add or change an approved image; False when nothing changed."""
        key, values = {"reference": reference}, {"digest": digest, "enabled": enabled}
        with self._database.writing() as connection:
            return self._set(connection, IMAGES, key, values, note)

    def remove_image(self, reference: str) -> bool:
        """Withdraw an image's approval; False when it had none."""
        with self._database.writing() as connection:
            return self._remove(connection, IMAGES, {"reference": reference})

    def _set(
        self,
        connection: Connection,
        table: Table,
        key: dict[str, Any],
        values: dict[str, Any],
        note: str | None,
    ) -> bool:
        if note is not None:
            values = values | {"note": note}
        where = [table.c[name] == value for name, value in key.items()]
        known = connection.execute(select(table).where(*where)).mappings().first()
        if known is None:
            whole = {"note": ""} | key | values | {"created_at": self._now()}
            connection.execute(insert(table).values(**whole))
        elif any(known[name] != value for name, value in values.items()):
            connection.execute(update(table).where(*where).values(**values))
        else:
            return False
        self._note_change(connection, table, key, "enabled" if values["enabled"] else "disabled")
        return True

    def _remove(self, connection: Connection, table: Table, key: dict[str, Any]) -> bool:
        where = [table.c[name] == value for name, value in key.items()]
        if not connection.execute(delete(table).where(*where)).rowcount:
            return False
        self._note_change(connection, table, key, "removed")
        return True

    def _note_change(
        self, connection: Connection, table: Table, key: dict[str, Any], outcome: str
    ) -> None:
        event = AuditEvent(table.name, next(iter(key.values())), outcome, "by the operator")
        connection.execute(insert(AUDIT).values(**asdict(event), at=self._now()))


def _move(connection: Connection, table: Table, row_id: int, status: Status, **values: Any) -> None:
    """Change a status if the lifecycle allows it. Raises NotFound, or RunFailed if it does not."""
    before = [other.value for other in Status if may_follow(other, status)]
    changed = connection.execute(
        update(table)
        .where(table.c.id == row_id, table.c.status.in_(before))
        .values(status=status.value, **values)
    )
    if changed.rowcount:
        return
    found = connection.execute(select(table.c.status).where(table.c.id == row_id)).scalar()
    what = "run" if table is RUNS else "job"
    if found is None:
        raise NotFound(f"There is no {what} {row_id}.")
    raise RunFailed(
        f"The {what} {row_id} is {found} by now and cannot become {status}.",
        "Another process ended it; launch again.",
    )


def _end_open_jobs(connection: Connection, run_id: int, status: Status, now: datetime) -> None:
    connection.execute(
        update(JOBS)
        .where(JOBS.c.run_id == run_id, JOBS.c.status.in_([open_.value for open_ in ACTIVE]))
        .values(status=status.value, finished_at=now)
    )
