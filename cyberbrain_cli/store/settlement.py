"""What becomes true together with a job's end, within the journal's transaction."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import ContainerReading, Cursor, JobSettlement
from cyberbrain_cli.store import counters
from cyberbrain_cli.store.sql import ARTIFACTS, CURSORS, JOBS, PATTERNS, RUNS, upsert

_SEVERITIES = ("critical", "warning", "info")


def settle(connection: Connection, job_id: int, settlement: JobSettlement, now: datetime) -> None:
    """Write the job's outcome; cursors and patterns only if it succeeded."""
    job = connection.execute(
        select(JOBS.c.run_id, JOBS.c.key, RUNS.c.directive)
        .join(RUNS, RUNS.c.id == JOBS.c.run_id)
        .where(JOBS.c.id == job_id)
    ).one()
    connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job_id)
        .values(
            error=asdict(settlement.error) if settlement.error else None,
            degraded_reasons=list(settlement.degraded_reasons),
            containers=[asdict(reading) for reading in settlement.containers],
            findings=[asdict(finding) for finding in settlement.findings],
        )
    )
    _count_findings(connection, job.run_id, settlement)
    counters.lines_read(connection, settlement.containers)
    for artifact in settlement.artifacts:
        values = asdict(artifact) | {"run_id": job.run_id, "job_id": job_id, "created_at": now}
        connection.execute(insert(ARTIFACTS).values(**values))
    if settlement.status is Status.SUCCEEDED:
        key = {"directive": job.directive, "job_key": job.key}
        _advance(connection, key, job.run_id, settlement)
        _remember(connection, key, job.run_id, settlement)


def _count_findings(connection: Connection, run_id: int, settlement: JobSettlement) -> None:
    unresolved = [item.severity for item in settlement.findings if item.state != "resolved"]
    counts = {f"{severity}_findings": unresolved.count(severity) for severity in _SEVERITIES}
    changes = {name: RUNS.c[name] + count for name, count in counts.items() if count}
    if changes:
        connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(**changes))


def _advance(
    connection: Connection, key: dict[str, str], run_id: int, settlement: JobSettlement
) -> None:
    """Move the cursors forward, each only if its window began where the last one ended or before.

    A window that begins later (`--since 1h`) leaves the cursor where it is: moving it would
    skip the lines in between for good.
    """
    where = [CURSORS.c[name] == value for name, value in key.items()]
    query = select(CURSORS.c.container_id, CURSORS.c.until).where(*where).with_for_update()
    stored = connection.execute(query)
    until = {row.container_id: row.until for row in stored}
    readings = {reading.container_id: reading for reading in settlement.containers}
    rows = [
        key | {"run_id": run_id} | asdict(cursor)
        for cursor in settlement.cursors
        if _goes_on(cursor, readings.get(cursor.container_id), until.get(cursor.container_id))
    ]
    upsert(connection, CURSORS, rows, ("container", "until", "last_line", "run_id"))


def _goes_on(cursor: Cursor, reading: ContainerReading | None, stored: int | None) -> bool:
    if stored is None:
        return True
    begins_in_time = reading is not None and (reading.after is None or reading.after <= stored)
    return begins_in_time and cursor.until > stored


def _remember(
    connection: Connection, key: dict[str, str], run_id: int, settlement: JobSettlement
) -> None:
    rows: list[dict[str, Any]] = [
        key | asdict(pattern) | {"first_run_id": run_id, "last_run_id": run_id}
        for pattern in settlement.patterns
    ]
    upsert(connection, PATTERNS, rows, ("+count", "last_run_id"))
