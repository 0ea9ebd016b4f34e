"""Every read of the records. What comes out are the records of the core, never rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, func, select

from cyberbrain_cli.core.errors import NotFound
from cyberbrain_cli.core.lifecycle import ACTIVE, Status
from cyberbrain_cli.core.metering import Reading, Readings
from cyberbrain_cli.core.records import (
    AllowlistEntry,
    ArtifactEntry,
    ArtifactRecord,
    ContainerInfo,
    CostRow,
    Cursor,
    ImageEntry,
    PeriodLimit,
    RunRecord,
    RunSummary,
)
from cyberbrain_cli.store import budgets, sql
from cyberbrain_cli.store.costs import Span, costs, retired_calls
from cyberbrain_cli.store.database import Database
from cyberbrain_cli.store.rows import artifact_record, compose_labels, run_record, run_summary

if TYPE_CHECKING:
    from cyberbrain_cli.core.ports import ActiveRun
    from cyberbrain_cli.core.retry import PastLaunch

LARGEST = 2**63 - 1
Rows = Sequence[Mapping[Any, Any]]


class Reports:
    """The records of a database; implements `core.ports.History`.

    Every method raises DatabaseUnavailable when the database fails it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.identity = database.identity

    def runs(
        self,
        status: Status | None = None,
        directive: str | None = None,
        since: datetime | None = None,
        limit: int | None = 50,
    ) -> list[RunSummary]:
        """Runs, newest first. `since` is about when they were created."""
        query = select(sql.RUNS).where(sql.RUNS.c.pruning.is_(False))
        if since is not None:
            # SQLite would go through the ids instead, past every run that is older.
            query = query.where(sql.RUNS.c.created_at >= since)
            query = query.order_by(sql.RUNS.c.created_at.desc())
        query = query.order_by(sql.RUNS.c.id.desc()).limit(_at_most(limit))
        if status is not None:
            query = query.where(sql.RUNS.c.status == Status(status).value)
        if directive is not None:
            query = query.where(sql.RUNS.c.directive == directive)
        return [run_summary(row) for row in self._all(query)]

    def last_ended(self, directive: str, count: int) -> list[int]:
        """The ids of a directive's last runs that have ended, the oldest of them first.

        Retries are left out, unless the run that they did again is gone.
        """
        from cyberbrain_cli.store.rounds import last_ended  # needed to compare, not to list

        with self._database.reading() as connection:
            return last_ended(connection, directive, count)

    def retries(self, directive: str, run_id: int) -> list[int]:
        """The ended runs that did a run's jobs again, and those that did theirs, in order."""
        from cyberbrain_cli.store.rounds import retries  # needed to compare, not to list

        with self._database.reading() as connection:
            return retries(connection, directive, run_id)

    def run(self, run_id: int) -> RunRecord:
        """A run with its jobs. Raises NotFound."""
        runs, jobs, artifacts = sql.RUNS, sql.JOBS, sql.ARTIFACTS
        parts = (
            select(runs).where(runs.c.id == run_id, runs.c.pruning.is_(False)),
            select(jobs).where(jobs.c.run_id == run_id).order_by(jobs.c.position),
            select(artifacts).where(artifacts.c.run_id == run_id).order_by(artifacts.c.id),
        )
        found: list[Rows] = [(), (), ()]
        if _could_exist(run_id):
            with self._database.reading() as connection:
                found = [connection.execute(part).mappings().all() for part in parts]
        if not found[0]:
            raise NotFound(f"There is no run {run_id}.", "cyberbrain runs list")
        return run_record(found[0][0], found[1], found[2])

    def past_launch(self, run_id: int) -> PastLaunch:
        """A run as it was begun, for doing it again. Raises NotFound."""
        from cyberbrain_cli.store.launches import past_launch  # needed to retry, not to list

        with self._database.reading() as connection:
            return past_launch(connection, run_id if _could_exist(run_id) else 0)

    def run_by_key(self, run_key: str) -> int | None:
        """The id of the run launched with this idempotency key."""
        rows = self._all(select(sql.RUNS.c.id).where(sql.RUNS.c.run_key == run_key))
        return rows[0]["id"] if rows else None

    def active_runs(self) -> list[ActiveRun]:
        """Runs recorded as pending or running."""
        from cyberbrain_cli.core.ports import ActiveRun  # needed to launch, not to list

        columns = [sql.RUNS.c[field.name] for field in fields(ActiveRun)]
        active = sql.RUNS.c.status.in_([status.value for status in ACTIVE])
        return [ActiveRun(**row) for row in self._all(select(*columns).where(active))]

    def artifacts(
        self, run_id: int | None = None, kind: str | None = None, limit: int | None = 50
    ) -> list[ArtifactEntry]:
        """Artifacts, newest first."""
        query = _artifact_entries().order_by(sql.ARTIFACTS.c.id.desc()).limit(_at_most(limit))
        if run_id is not None:
            query = query.where(sql.ARTIFACTS.c.run_id == run_id)
        if kind is not None:
            query = query.where(sql.ARTIFACTS.c.kind == kind)
        return [ArtifactEntry(**row) for row in self._all(query)]

    def artifact(self, artifact_id: int) -> ArtifactEntry:
        """One artifact. Raises NotFound."""
        query = _artifact_entries().where(sql.ARTIFACTS.c.id == artifact_id)
        rows = self._all(query) if _could_exist(artifact_id) else ()
        if not rows:
            raise NotFound(f"There is no artifact {artifact_id}.", "cyberbrain artifacts list")
        return ArtifactEntry(**rows[0])

    def previous_artifacts(self, directive: str, job_key: str, kind: str) -> list[ArtifactRecord]:
        """The artifacts of this kind from the job's last successful run."""
        from cyberbrain_cli.store.rounds import previous_job  # needed to launch, not to list

        at = sql.ARTIFACTS.c
        with self._database.reading() as connection:
            job_id = previous_job(connection, directive, job_key)
            found = select(sql.ARTIFACTS).where(at.job_id == job_id, at.kind == kind)
            return [artifact_record(row) for row in connection.execute(found).mappings()]

    def allowlist(self) -> list[AllowlistEntry]:
        """All container entries, ordered by name."""
        return [AllowlistEntry(**row) for row in self._all(select(sql.CONTAINERS).order_by("name"))]

    def images(self) -> list[ImageEntry]:
        """All approved images, ordered by reference."""
        rows = self._all(select(sql.IMAGES).order_by("reference"))
        return [ImageEntry(**{**row, "allows": tuple(row["allows"].split())}) for row in rows]

    def inventory(self) -> list[ContainerInfo]:
        """The containers that were ever seen, as they were last seen, ordered by name."""
        rows = self._all(select(sql.INVENTORY).order_by("name"))
        return [
            ContainerInfo(
                row["container_id"], row["name"], row["image"], row["state"], compose_labels(row)
            )
            for row in rows
        ]

    def cursors(self, directive: str, job_key: str) -> dict[str, Cursor]:
        """The cursors of a directive's job, by container id."""
        columns = [sql.CURSORS.c[field.name] for field in fields(Cursor)]
        mine = and_(sql.CURSORS.c.directive == directive, sql.CURSORS.c.job_key == job_key)
        return {
            row["container_id"]: Cursor(**row) for row in self._all(select(*columns).where(mine))
        }

    def seen(self, directive: str, job_key: str) -> dict[str, frozenset[str]]:
        """The fingerprints earlier runs saw, by container name; empty for one without any."""
        at = (sql.PATTERNS.c.container, sql.PATTERNS.c.fingerprint)
        mine = and_(sql.PATTERNS.c.directive == directive, sql.PATTERNS.c.job_key == job_key)
        found: dict[str, set[str]] = {
            cursor.container: set() for cursor in self.cursors(directive, job_key).values()
        }
        for row in self._all(select(*at).where(mine)):
            found.setdefault(row["container"], set()).add(row["fingerprint"])
        return {container: frozenset(prints) for container, prints in found.items()}

    def costs(
        self, by: Sequence[str], since: datetime | None = None, until: datetime | None = None
    ) -> tuple[list[CostRow], list[CostRow]]:
        """The ledger's sums by these keys, and its totals: one for each currency.

        Raises UsageError for a key that is none of model, day, directive, task, container and
        endpoint.
        """
        with self._database.reading() as connection:
            return costs(connection, by, Span(since, until))

    def uncounted_calls(self, since: datetime | None, until: datetime | None) -> int:
        """How many calls of pruned runs a span leaves out: those on days that it holds in part."""
        with self._database.reading() as connection:
            return retired_calls(connection, Span(since, until))

    def metrics(self, limits: Sequence[PeriodLimit] = ()) -> Readings:
        """All counters at one moment, and what is used of these limits."""
        active = sql.RUNS.c.status.in_([status.value for status in ACTIVE])
        with self._database.reading() as connection:
            rows = connection.execute(select(sql.COUNTERS)).all()
            runs = connection.execute(select(func.count()).where(active)).scalar_one()
            used = tuple(budgets.uses(connection, limits, datetime.now(UTC)))
        counters = (Reading(row.name, (row.a, row.b, row.c), row.value) for row in rows)
        return Readings(tuple(counters), runs, used)

    def _all(self, query: Select[Any]) -> Rows:
        with self._database.reading() as connection:
            return connection.execute(query).mappings().all()


def _artifact_entries() -> Select[Any]:
    at, runs, jobs = sql.ARTIFACTS.c, sql.RUNS, sql.JOBS
    own = [field.name for field in fields(ArtifactEntry) if field.name != "job_key"]
    query = select(*(at[name] for name in own), jobs.c.key.label("job_key"))
    query = query.join(jobs, jobs.c.id == at.job_id).join(runs, runs.c.id == at.run_id)
    return query.where(runs.c.pruning.is_(False))


def _at_most(limit: int | None) -> int | None:
    return None if limit is None else min(limit, LARGEST)


def _could_exist(row_id: int) -> bool:
    """A number that no database could hold is no row's."""
    return 0 < row_id <= LARGEST
