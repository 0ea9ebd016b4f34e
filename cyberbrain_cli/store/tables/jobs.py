"""What runs consist of and leave behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field

from cyberbrain_cli.store.tables.columns import (
    Base,
    Usage,
    belongs_to,
    checks,
    document,
    moment,
    number,
    row_id,
    words,
)


class JobRow(Usage, table=True):
    """One task within a run. `findings` holds ids, severities and states, never text.

    `windows` is NULL for a job that was recorded before they were.
    """

    __tablename__ = "run_jobs"
    __table_args__ = (
        *checks("run_jobs"),
        UniqueConstraint("run_id", "key"),
    )

    id: int | None = row_id()
    run_id: int = belongs_to("runs.id")
    key: str = words()
    task: str = words()
    position: int
    params: dict[str, Any] = document("{}")
    windows: list[dict[str, Any]] | None = Field(None, sa_column=Column(JSON(none_as_null=True)))
    status: str = words()
    degraded_reasons: list[str] = document("[]")
    error: dict[str, str] | None = Field(None, sa_column=Column(JSON(none_as_null=True)))
    containers: list[dict[str, Any]] = document("[]")
    findings: list[dict[str, str]] = document("[]")
    started_at: datetime | None = moment(null=True)
    finished_at: datetime | None = moment(null=True)


class ArtifactRow(Base, table=True):
    """A file a run wrote."""

    __tablename__ = "artifacts"
    __table_args__ = (UniqueConstraint("path"), Index("artifacts_by_kind", "kind", "id"))

    id: int | None = row_id()
    run_id: int = belongs_to("runs.id")
    job_id: int = belongs_to("run_jobs.id")
    kind: str = words()
    media_type: str = words()
    path: str = words()
    size_bytes: int = number()
    sha256: str = words()
    created_at: datetime = moment()
