"""Every read of the records. What comes out are the records of the core, never rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, func, select

from cyberbrain_cli.core.errors import NotFound
from cyberbrain_cli.core.lifecycle import ACTIVE, Status
from cyberbrain_cli.core.ports import ActiveRun
from cyberbrain_cli.core.records import (
    AllowlistEntry,
    ArtifactEntry,
    ContainerInfo,
    CostRow,
    Cursor,
    ImageEntry,
    RunRecord,
    RunSummary,
)
from cyberbrain_cli.store.costs import cost_rows
from cyberbrain_cli.store.database import Database
from cyberbrain_cli.store.rows import run_record, run_summary
from cyberbrain_cli.store.sql import (
    ARTIFACTS,
    CALLS,
    CONTAINERS,
    CURSORS,
    IMAGES,
    INVENTORY,
    JOBS,
    PATTERNS,
    RUNS,
)

Rows = Sequence[Mapping[Any, Any]]


class Reports:
    """The records of a database; implements `core.ports.History`.

    Every method raises DatabaseUnavailable when the database fails it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(
        self,
        status: Status | None = None,
        directive: str | None = None,
        since: datetime | None = None,
        limit: int | None = 50,
    ) -> list[RunSummary]:
        """Runs, newest first. `since` is about when they were created."""
        query = select(RUNS).order_by(RUNS.c.id.desc()).limit(limit)
        if status is not None:
            query = query.where(RUNS.c.status == Status(status).value)
        if directive is not None:
            query = query.where(RUNS.c.directive == directive)
        if since is not None:
            query = query.where(RUNS.c.created_at >= since)
        return [run_summary(row) for row in self._all(query)]

    def run(self, run_id: int) -> RunRecord:
        """A run with its jobs. Raises NotFound."""
        with self._database.reading() as connection:
            run = connection.execute(select(RUNS).where(RUNS.c.id == run_id)).mappings().first()
            if run is None:
                raise NotFound(f"There is no run {run_id}.", "cyberbrain runs list")
            jobs = select(JOBS).where(JOBS.c.run_id == run_id).order_by(JOBS.c.position)
            artifacts = (
                select(ARTIFACTS).where(ARTIFACTS.c.run_id == run_id).order_by(ARTIFACTS.c.id)
            )
            return run_record(
                run,
                connection.execute(jobs).mappings().all(),
                connection.execute(artifacts).mappings().all(),
            )

    def run_by_key(self, run_key: str) -> int | None:
        """The id of the run launched with this idempotency key."""
        rows = self._all(select(RUNS.c.id).where(RUNS.c.run_key == run_key))
        return rows[0]["id"] if rows else None

    def active_runs(self) -> list[ActiveRun]:
        """Runs recorded as pending or running."""
        columns = [RUNS.c[field.name] for field in fields(ActiveRun)]
        active = RUNS.c.status.in_([status.value for status in ACTIVE])
        return [ActiveRun(**row) for row in self._all(select(*columns).where(active))]

    def artifacts(
        self, run_id: int | None = None, kind: str | None = None, limit: int | None = 50
    ) -> list[ArtifactEntry]:
        """Artifacts, newest first."""
        query = _ARTIFACT_ENTRIES.order_by(ARTIFACTS.c.id.desc()).limit(limit)
        if run_id is not None:
            query = query.where(ARTIFACTS.c.run_id == run_id)
        if kind is not None:
            query = query.where(ARTIFACTS.c.kind == kind)
        return [ArtifactEntry(**row) for row in self._all(query)]

    def artifact(self, artifact_id: int) -> ArtifactEntry:
        """One artifact. Raises NotFound."""
        rows = self._all(_ARTIFACT_ENTRIES.where(ARTIFACTS.c.id == artifact_id))
        if not rows:
            raise NotFound(f"There is no artifact {artifact_id}.", "cyberbrain artifacts list")
        return ArtifactEntry(**rows[0])

    def previous_artifacts(self, directive: str, job_key: str, kind: str) -> list[str]:
        """Paths of the artifacts of this kind from the job's last successful run."""
        last = (
            select(func.max(JOBS.c.id))
            .join(RUNS, RUNS.c.id == JOBS.c.run_id)
            .where(
                RUNS.c.directive == directive,
                JOBS.c.key == job_key,
                JOBS.c.status == Status.SUCCEEDED.value,
            )
            .scalar_subquery()
        )
        query = select(ARTIFACTS.c.path).where(ARTIFACTS.c.job_id == last, ARTIFACTS.c.kind == kind)
        return [row["path"] for row in self._all(query)]

    def allowlist(self) -> list[AllowlistEntry]:
        """All container entries, ordered by name."""
        return [AllowlistEntry(**row) for row in self._all(select(CONTAINERS).order_by("name"))]

    def images(self) -> list[ImageEntry]:
        """All approved images, ordered by reference."""
        return [ImageEntry(**row) for row in self._all(select(IMAGES).order_by("reference"))]

    def inventory(self) -> list[ContainerInfo]:
        """The containers that were ever seen, as they were last seen, ordered by name."""
        rows = self._all(select(INVENTORY).order_by("name"))
        return [
            ContainerInfo(row["container_id"], row["name"], row["image"], row["state"])
            for row in rows
        ]

    def cursors(self, directive: str, job_key: str) -> dict[str, Cursor]:
        """The cursors of a directive's job, by container id."""
        columns = [CURSORS.c[field.name] for field in fields(Cursor)]
        mine = and_(CURSORS.c.directive == directive, CURSORS.c.job_key == job_key)
        return {
            row["container_id"]: Cursor(**row) for row in self._all(select(*columns).where(mine))
        }

    def seen(self, directive: str, job_key: str) -> dict[str, frozenset[str]]:
        """The fingerprints earlier runs saw, by container name; empty for one without any."""
        at = (PATTERNS.c.container, PATTERNS.c.fingerprint)
        mine = and_(PATTERNS.c.directive == directive, PATTERNS.c.job_key == job_key)
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
            return (
                cost_rows(connection, by, since, until),
                cost_rows(connection, (), since, until),
            )

    def spent(self, since: datetime) -> tuple[int, dict[str, Decimal]]:
        """Tokens, and money by currency, of all calls since a time."""
        at = CALLS.c
        tokens = func.sum(
            func.coalesce(at.prompt_tokens, 0) + func.coalesce(at.completion_tokens, 0)
        )
        query = select(at.currency, tokens.label("tokens"), func.sum(at.cost).label("cost"))
        rows = self._all(query.where(at.started_at >= since).group_by(at.currency))
        money = {row["currency"]: row["cost"] for row in rows if row["cost"] is not None}
        return sum(int(row["tokens"] or 0) for row in rows), money

    def _all(self, query: Select[Any]) -> Rows:
        with self._database.reading() as connection:
            return connection.execute(query).mappings().all()


_ARTIFACT_ENTRIES = select(
    *(ARTIFACTS.c[field.name] for field in fields(ArtifactEntry) if field.name != "job_key"),
    JOBS.c.key.label("job_key"),
).join(JOBS, JOBS.c.id == ARTIFACTS.c.job_id)
