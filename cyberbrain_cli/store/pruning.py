"""Old runs leave the records: what sums and counters say of them stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, union, update

from cyberbrain_cli.core.lifecycle import ACTIVE, ENDED, Status
from cyberbrain_cli.core.prune import OldRun, Retention
from cyberbrain_cli.store.database import Database
from cyberbrain_cli.store.reports import LARGEST
from cyberbrain_cli.store.rollups import retire
from cyberbrain_cli.store.sql import ARTIFACTS, CURSORS, JOBS, RUNS

_FETCHED = 10_000


class SqlPruning:
    """Implements `core.prune.Pruning`. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def candidates(self, wanted: Retention) -> Iterator[int]:
        """Ended runs that may go, the oldest first. Never one that another run goes by.

        That is the last success of each job of each directive, from which findings get their
        states, the run that last moved its cursors, and one that is being retried.
        """
        if wanted.before is None and wanted.keep_last is None:
            return
        place = func.row_number().over(partition_by=RUNS.c.directive, order_by=RUNS.c.id.desc())
        old = select(RUNS.c.id, RUNS.c.created_at, place.label("place")).where(_ended())
        ranked = old.where(RUNS.c.pruning.is_(False)).subquery()
        query = select(ranked.c.id).where(ranked.c.id.not_in(_needed())).order_by(ranked.c.id)
        if wanted.before is not None:
            query = query.where(ranked.c.created_at < wanted.before)
        if wanted.keep_last is not None:
            query = query.where(ranked.c.place > min(wanted.keep_last, LARGEST))
        with self._database.reading() as connection:
            yield from connection.execution_options(yield_per=_FETCHED).execute(query).scalars()

    def sized(self, run_ids: Sequence[int]) -> list[OldRun]:
        """These runs with their artifacts, the oldest first."""
        return self._sized(select(RUNS.c.id).where(RUNS.c.id.in_(run_ids)))

    def marked(self, beyond: int, count: int) -> list[OldRun]:
        """The first so many runs with a higher id that an earlier pruning did not finish."""
        query = select(RUNS.c.id).where(RUNS.c.pruning, RUNS.c.id > beyond)
        return self._sized(query.order_by(RUNS.c.id).limit(count))

    def mark(self, run_ids: Sequence[int]) -> list[OldRun]:
        """Show these runs to nobody any more; those of them that can go by now."""
        free = RUNS.c.id.not_in(_retried())
        chosen = update(RUNS).where(RUNS.c.id.in_(run_ids), _ended(), free).values(pruning=True)
        self._database.write(lambda connection: connection.execute(chosen))
        return self._sized(select(RUNS.c.id).where(RUNS.c.id.in_(run_ids), RUNS.c.pruning))

    def remove(self, run_ids: Sequence[int]) -> None:
        """Remove the rows of marked runs; jobs, artifacts and ledger rows go with theirs."""
        self._database.write(lambda connection: _remove(connection, run_ids))

    def _sized(self, query: Select[tuple[int]]) -> list[OldRun]:
        ids = query.subquery()
        size = func.coalesce(func.sum(ARTIFACTS.c.size_bytes), 0)
        sized = (
            select(ids.c.id, func.count(ARTIFACTS.c.id), size)
            .outerjoin(ARTIFACTS, ARTIFACTS.c.run_id == ids.c.id)
            .group_by(ids.c.id)
            .order_by(ids.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(sized).all()
        return [OldRun(run_id, count, int(total)) for run_id, count, total in rows]


def _ended() -> ColumnElement[bool]:
    return RUNS.c.status.in_([status.value for status in ENDED])


def _needed() -> Select[tuple[int]]:
    """The runs that the next launch of their directive goes by."""
    last = (
        select(func.max(JOBS.c.id))
        .join(RUNS, RUNS.c.id == JOBS.c.run_id)
        .where(JOBS.c.status == Status.SUCCEEDED.value)
        .group_by(RUNS.c.directive, JOBS.c.key)
    )
    moved = select(func.max(CURSORS.c.run_id)).group_by(CURSORS.c.directive, CURSORS.c.job_key)
    winners = select(JOBS.c.run_id).where(JOBS.c.id.in_(last))
    every = union(winners, moved, _retried()).subquery()
    return select(every.c[0])


def _retried() -> Select[tuple[int]]:
    """The runs whose jobs are being done again, and those whose jobs these were."""
    active = RUNS.c.status.in_([status.value for status in ACTIVE])
    first = select(RUNS.c.retry_of.label("id")).where(active, RUNS.c.retry_of.is_not(None))
    chain = first.cte("chain", recursive=True)
    further = select(RUNS.c.retry_of).join(chain, RUNS.c.id == chain.c.id)
    chain = chain.union(further.where(RUNS.c.retry_of.is_not(None)))
    return select(chain.c.id)


def _remove(connection: Connection, run_ids: Sequence[int]) -> None:
    going = select(RUNS.c.id).where(RUNS.c.id.in_(run_ids), RUNS.c.pruning)
    retire(connection, connection.execute(going).scalars().all())
    connection.execute(delete(RUNS).where(RUNS.c.id.in_(run_ids), RUNS.c.pruning))
