"""Runs and the retries that did their open jobs again."""

from __future__ import annotations

from sqlalchemy import Connection, Select, func, select

from cyberbrain_cli.core.lifecycle import ENDED, Status
from cyberbrain_cli.store.sql import CURSORS, JOBS, RUNS


def last_ended(connection: Connection, directive: str, count: int) -> list[int]:
    """The last ended runs, the oldest first; no retry of a run that is there."""
    first = RUNS.alias("first")
    there = select(first.c.id).where(first.c.id == RUNS.c.retry_of, first.c.pruning.is_(False))
    query = _ended(directive).where(~there.exists()).order_by(RUNS.c.id.desc()).limit(count)
    return [row.id for row in reversed(connection.execute(query).all())]


def retries(connection: Connection, directive: str, run_id: int) -> list[int]:
    """The ended retries of a run, and the retries of those, in order."""
    query = _ended(directive).where(RUNS.c.id > run_id, RUNS.c.retry_of >= run_id)
    chain = [run_id]
    for row in connection.execute(query.order_by(RUNS.c.id)):
        if row.retry_of in chain:
            chain.append(row.id)
    return chain[1:]


def previous_job(connection: Connection, directive: str, job_key: str) -> int | None:
    """The id of the job that the next run of it goes on from: its last success.

    A retry of an old run may be later and yet have read what a success before it had gone past;
    then it is the success that moved the cursors last.
    """
    mine = (RUNS.c.directive == directive, JOBS.c.key == job_key)
    # From the last run back, by an index: a maximum would be sought among all jobs.
    last = (
        select(JOBS.c.id)
        .join(RUNS, RUNS.c.id == JOBS.c.run_id)
        .where(*mine, JOBS.c.status == Status.SUCCEEDED.value)
        .order_by(RUNS.c.id.desc())
        .limit(1)
    )
    job_id = connection.execute(last).scalar()
    run = select(RUNS.c.id, RUNS.c.retry_of).join(JOBS, JOBS.c.run_id == RUNS.c.id)
    newest = connection.execute(run.where(JOBS.c.id == job_id)).first()
    if newest is None or newest.retry_of is None:
        return job_id
    moved = connection.execute(
        select(func.max(CURSORS.c.run_id)).where(
            CURSORS.c.directive == directive,
            CURSORS.c.job_key == job_key,
            CURSORS.c.run_id < newest.id,
        )
    ).scalar()
    if moved is None or moved < _first_try(connection, newest.retry_of):
        return job_id
    there = select(JOBS.c.id).where(JOBS.c.run_id == moved, JOBS.c.key == job_key)
    return connection.execute(there).scalar() or job_id


def _first_try(connection: Connection, run_id: int) -> int:
    """The run that was retried first, through all retries of retries."""
    while before := connection.execute(select(RUNS.c.retry_of).where(RUNS.c.id == run_id)).scalar():
        run_id = before
    return run_id


def _ended(directive: str) -> Select[tuple[int, int | None]]:
    return select(RUNS.c.id, RUNS.c.retry_of).where(
        RUNS.c.directive == directive,
        RUNS.c.status.in_([status.value for status in ENDED]),
        RUNS.c.pruning.is_(False),
    )
