"""Launches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint

from cyberbrain_cli.store.tables.columns import (
    Usage,
    belongs_to,
    checks,
    document,
    flag,
    moment,
    number,
    row_id,
    tally,
    words,
)


class RunRow(Usage, table=True):
    """One launch of a directive. One that is `pruning` is half gone, and shown to nobody."""

    __tablename__ = "runs"
    __table_args__ = (
        *checks("runs"),
        UniqueConstraint("run_key"),
        Index("runs_by_directive", "directive", "id"),
        Index("runs_by_status", "status", "id"),
        Index("runs_by_time", "created_at"),
    )

    id: int | None = row_id()
    directive: str = words()
    directive_version: int
    directive_id: int = belongs_to("directives.id")
    host: str = words()
    pid: int
    boot_id: str = words()
    lock_name: str = words()
    run_key: str | None = words(null=True)
    labels: dict[str, str] = document("{}")
    options: dict[str, Any] = document("{}")
    retry_of: int | None = number(null=True)
    pruning: bool = flag()
    status: str = words()
    degraded: bool = flag()
    degraded_reasons: list[str] = document("[]")
    warnings: list[str] = document("[]")
    cancel_requested: bool = flag()
    created_at: datetime = moment()
    started_at: datetime | None = moment(null=True)
    heartbeat_at: datetime | None = moment(null=True)
    finished_at: datetime | None = moment(null=True)
    critical_findings: int = tally()
    warning_findings: int = tally()
    info_findings: int = tally()
