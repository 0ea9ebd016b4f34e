"""`db verify`: what in the records contradicts itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    type_coerce,
)

from cyberbrain_cli.core.lifecycle import ACTIVE, ENDED, Status
from cyberbrain_cli.store import tables
from cyberbrain_cli.store.database import Database
from cyberbrain_cli.store.rollups import wrong_rollups
from cyberbrain_cli.store.sql import ARTIFACTS, CALLS, JOBS, RUNS
from cyberbrain_cli.store.tables.columns import amount

_OPEN = [status.value for status in ACTIVE]
_OVER = [status.value for status in ENDED]


def verify(database: Database) -> list[str]:
    """Problems in plain words; empty when the records agree with themselves."""
    with database.reading() as connection:
        problems = list(_damage(connection)) if database.embedded else []
        problems += _dangling(connection)
        problems += _wrong_sums(connection, RUNS, "run", CALLS.c.run_id)
        problems += _wrong_sums(connection, JOBS, "job", CALLS.c.job_id)
        problems += wrong_rollups(connection)
        problems += _astray(connection, CALLS, "ledger row")
        problems += _astray(connection, ARTIFACTS, "artifact")
        problems += _jobs_against_runs(connection)
        for table, what in ((RUNS, "run"), (JOBS, "job")):
            problems += _timeless(connection, table, what)
        problems += _wrong_findings(connection)
    return problems


def _damage(connection: Connection) -> Iterator[str]:
    """What SQLite itself says of its file."""
    for (line,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if line != "ok":
            yield f"the file is damaged: {line}"


def _dangling(connection: Connection) -> Iterator[str]:
    """Rows whose owner is gone."""
    for table in tables.metadata().sorted_tables:
        for key in table.foreign_keys:
            owner, child = key.column, key.parent
            orphans = select(func.count()).where(~exists().where(owner == child).correlate(table))
            count = connection.execute(orphans.select_from(table)).scalar_one()
            if count:
                yield f"{count} rows of {table.name} belong to no row of {owner.table.name}"


def _wrong_sums(connection: Connection, table: Table, what: str, owner: Any) -> Iterator[str]:
    """Rows whose sums are not those of their ledger rows."""
    there = CALLS.c.id.is_not(None)
    unknown = or_(CALLS.c.prompt_tokens.is_(None), CALLS.c.completion_tokens.is_(None))
    priced = and_(CALLS.c.cost.is_not(None), CALLS.c.currency == table.c.currency)
    ledger: dict[str, ColumnElement[Any]] = {
        "calls": func.count(CALLS.c.id),
        "prompt_tokens": func.coalesce(func.sum(CALLS.c.prompt_tokens), 0),
        "completion_tokens": func.coalesce(func.sum(CALLS.c.completion_tokens), 0),
        "unknown_calls": _how_many(there & unknown),
        "estimated_calls": _how_many(CALLS.c.estimated),
        "unpriced_calls": _how_many(there & case((priced, False), else_=True)),
        "cost": func.sum(case((priced, type_coerce(CALLS.c.cost, BigInteger)), else_=0)),
    }
    kept: dict[str, ColumnElement[Any]] = {name: table.c[name] for name in ledger}
    kept["cost"] = func.coalesce(type_coerce(table.c.cost, BigInteger), 0)
    query = (
        select(
            table.c.id,
            *(column.label(name) for name, column in kept.items()),
            *(column.label(f"ledger_{name}") for name, column in ledger.items()),
        )
        .select_from(table.outerjoin(CALLS, owner == table.c.id))
        .group_by(table.c.id)
        .having(or_(*(kept[name] != ledger[name] for name in ledger)))
        .order_by(table.c.id)
    )
    for row in connection.execute(query).mappings():
        for name in ledger:
            has, should = int(row[name]), int(row[f"ledger_{name}"])
            if has != should:
                shown = (amount(has), amount(should)) if name == "cost" else (has, should)
                yield f"{what} {row['id']}: {name} is {shown[0]}, its ledger rows say {shown[1]}"


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _astray(connection: Connection, table: Table, what: str) -> Iterator[str]:
    """Rows whose job is another run's."""
    query = (
        select(table.c.id)
        .join(JOBS, JOBS.c.id == table.c.job_id)
        .where(table.c.run_id != JOBS.c.run_id)
    )
    for row in connection.execute(query):
        yield f"{what} {row.id} names a run and another run's job"


def _jobs_against_runs(connection: Connection) -> Iterator[str]:
    """Jobs whose status does not go with that of their run."""
    left_open = JOBS.c.status.in_(_OPEN) & RUNS.c.status.in_(_OVER)
    unearned = (RUNS.c.status == Status.SUCCEEDED.value) & JOBS.c.status.in_(_OVER)
    unearned &= JOBS.c.status != Status.SUCCEEDED.value
    query = (
        select(JOBS.c.id, JOBS.c.run_id, JOBS.c.status, RUNS.c.status.label("run_status"))
        .join(RUNS, RUNS.c.id == JOBS.c.run_id)
        .where(left_open | unearned)
        .order_by(JOBS.c.id)
    )
    for row in connection.execute(query):
        yield f"job {row.id} is {row.status}, but its run {row.run_id} is {row.run_status}"


def _timeless(connection: Connection, table: Table, what: str) -> Iterator[str]:
    """Rows that have begun or ended at no time, or ended and go on."""
    at = table.c
    wrong = {
        "runs since no time": (at.status == Status.RUNNING.value) & at.started_at.is_(None),
        "has ended at no time": at.status.in_(_OVER) & at.finished_at.is_(None),
        "goes on after its end": at.status.in_(_OPEN) & at.finished_at.is_not(None),
    }
    for problem, condition in wrong.items():
        for row in connection.execute(select(at.id).where(condition).order_by(at.id)):
            yield f"{what} {row.id} {problem}"


def _wrong_findings(connection: Connection) -> Iterator[str]:
    """Runs whose counts of findings are not those of their jobs."""
    found: Counter[tuple[int, str]] = Counter()
    for job in connection.execute(select(JOBS.c.run_id, JOBS.c.findings)):
        found.update(
            (job.run_id, item["severity"]) for item in job.findings if item["state"] != "resolved"
        )
    names = ("critical", "warning", "info")
    query = select(RUNS.c.id, *(RUNS.c[f"{name}_findings"].label(name) for name in names))
    for row in connection.execute(query.order_by(RUNS.c.id)).mappings():
        for name in names:
            if row[name] != found[row["id"], name]:
                yield (
                    f"run {row['id']}: {name}_findings is {row[name]}, "
                    f"its jobs have {found[row['id'], name]}"
                )
