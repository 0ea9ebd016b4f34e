"""`db verify`: what in the records contradicts itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, func, select

from cyberbrain_cli.core.lifecycle import ACTIVE, ENDED
from cyberbrain_cli.store.database import Database
from cyberbrain_cli.store.sql import CALLS, JOBS, RUNS

_SUMS = ("prompt_tokens", "completion_tokens")


def verify(database: Database) -> list[str]:
    """Problems in plain words; empty when the records agree with themselves."""
    with database.reading() as connection:
        return [
            *_wrong_sums(connection, RUNS, "run", CALLS.c.run_id),
            *_wrong_sums(connection, JOBS, "job", CALLS.c.job_id),
            *_open_jobs(connection),
            *_endless(connection),
        ]


def _wrong_sums(connection: Connection, table: Table, what: str, owner: Any) -> list[str]:
    """Rows whose sums are not those of their ledger rows."""
    ledger = (
        select(
            owner.label("owner"),
            func.count().label("calls"),
            *(func.coalesce(func.sum(CALLS.c[name]), 0).label(name) for name in _SUMS),
        )
        .group_by(owner)
        .subquery()
    )
    kept = [table.c.id, table.c.calls]
    query = select(
        *kept,
        *(table.c[name] for name in _SUMS),
        func.coalesce(ledger.c.calls, 0).label("ledger_calls"),
        *(func.coalesce(ledger.c[name], 0).label(f"ledger_{name}") for name in _SUMS),
    ).outerjoin(ledger, ledger.c.owner == table.c.id)
    problems = []
    for row in connection.execute(query).mappings():
        for name in ("calls", *_SUMS):
            if int(row[name]) != int(row[f"ledger_{name}"]):
                problems.append(
                    f"{what} {row['id']}: {name} is {row[name]}, "
                    f"its ledger rows say {row[f'ledger_{name}']}"
                )
    return problems


def _open_jobs(connection: Connection) -> list[str]:
    """Jobs that are open although their run has ended."""
    query = (
        select(JOBS.c.id, JOBS.c.run_id)
        .join(RUNS, RUNS.c.id == JOBS.c.run_id)
        .where(JOBS.c.status.in_(ACTIVE), RUNS.c.status.in_(ENDED))
    )
    return [
        f"job {row['id']} is open, but its run {row['run_id']} has ended"
        for row in connection.execute(query).mappings()
    ]


def _endless(connection: Connection) -> list[str]:
    """Runs that have ended without a time."""
    query = select(RUNS.c.id).where(RUNS.c.status.in_(ENDED), RUNS.c.finished_at.is_(None))
    return [f"run {row['id']} has ended at no time" for row in connection.execute(query).mappings()]
