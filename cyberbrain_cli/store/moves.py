"""Changing the status of runs and jobs, as far as the lifecycle allows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select, update

from cyberbrain_cli.core.errors import NotFound, RunFailed
from cyberbrain_cli.core.lifecycle import ACTIVE, Status, may_follow
from cyberbrain_cli.store import counters
from cyberbrain_cli.store.sql import JOBS, RUNS


def move(connection: Connection, table: Table, row_id: int, status: Status, **values: Any) -> None:
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


def end_open_jobs(connection: Connection, run_id: int, status: Status, now: datetime) -> None:
    """End the jobs of a run that have not ended."""
    mine = (JOBS.c.run_id == run_id) & JOBS.c.status.in_([open_.value for open_ in ACTIVE])
    counters.jobs_ended(connection, mine, status, now)
    connection.execute(update(JOBS).where(mine).values(status=status.value, finished_at=now))
