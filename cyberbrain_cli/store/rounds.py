"""Runs and the retries that did their open jobs again."""

from __future__ import annotations

from sqlalchemy import Connection, Select, select

from cyberbrain_cli.core.lifecycle import ENDED
from cyberbrain_cli.store.sql import RUNS


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


def _ended(directive: str) -> Select[tuple[int, int | None]]:
    return select(RUNS.c.id, RUNS.c.retry_of).where(
        RUNS.c.directive == directive,
        RUNS.c.status.in_([status.value for status in ENDED]),
        RUNS.c.pruning.is_(False),
    )
