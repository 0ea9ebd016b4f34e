"""The tables, and the column types that keep times aware and money exact."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy import DateTime as SqlDateTime
from sqlmodel import Field, SQLModel

from cyberbrain_cli.core.lifecycle import Status

MONEY_UNIT = Decimal(1).scaleb(-12)
"""Money is stored in integers of this unit: exact in every database, and so are its sums."""


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which knows none, gives it back as it was put in."""

    impl = SqlDateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; they have no place here."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Whatever the driver gives back is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """A Decimal as an integer of MONEY_UNIT, up to nine million of any currency."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """What lies below the unit is rounded half to even."""
        return None if value is None else int((value / MONEY_UNIT).to_integral_value())

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Back to money; sums come as Decimal from PostgreSQL and as int from SQLite."""
        return None if value is None else (Decimal(value) * MONEY_UNIT).normalize() + Decimal(0)


METADATA = SQLModel.metadata
"""All tables, for migrations."""

BigId = BigInteger().with_variant(Integer, "sqlite")
_STATUSES = ", ".join(f"'{status.value}'" for status in Status)


def _key() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True))


def _reference(to: str) -> Any:
    return Field(
        sa_column=Column(BigId, ForeignKey(to, ondelete="CASCADE"), nullable=False, index=True)
    )


def _text(*, null: bool = False, primary_key: bool = False) -> Any:
    return Field(sa_column=Column(Text, nullable=null, primary_key=primary_key))


def _time(*, null: bool = False) -> Any:
    return Field(sa_column=Column(UtcTime, nullable=null))


def _json(empty: str) -> Any:
    return Field(sa_column=Column(JSON, nullable=False, server_default=text(f"'{empty}'")))


def _count(*, null: bool = False) -> Any:
    if null:
        return Field(sa_column=Column(BigInteger, nullable=True))
    return Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


def _money() -> Any:
    return Field(sa_column=Column(Money, nullable=True))


class Base(SQLModel):
    """The tables are spoken to in statements; their validators would be built for nobody."""

    model_config = {"defer_build": True}


class Usage(Base):
    """Sums over ledger rows, kept in the transaction that adds a row."""

    prompt_tokens: int = Field(0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    completion_tokens: int = Field(0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    calls: int = Field(0, sa_column_kwargs={"server_default": "0"})
    unknown_calls: int = Field(0, sa_column_kwargs={"server_default": "0"})
    estimated_calls: int = Field(0, sa_column_kwargs={"server_default": "0"})
    unpriced_calls: int = Field(0, sa_column_kwargs={"server_default": "0"})
    cost: Decimal | None = Field(None, sa_type=Money)
    currency: str | None = Field(None, sa_type=Text)


class DirectiveRow(Base, table=True):
    """A directive's text as some run used it."""

    __tablename__ = "directives"
    __table_args__ = (UniqueConstraint("sha256"),)

    id: int | None = _key()
    name: str = _text()
    version: int
    sha256: str = _text()
    text: str = _text()
    created_at: datetime = _time()


class RunRow(Usage, table=True):
    """One launch of a directive."""

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="runs_status"),
        UniqueConstraint("run_key"),
        Index("runs_by_directive", "directive", "id"),
        Index("runs_by_status", "status", "id"),
        Index("runs_by_time", "created_at"),
    )

    id: int | None = _key()
    directive: str = _text()
    directive_version: int
    directive_id: int = _reference("directives.id")
    host: str = _text()
    pid: int
    boot_id: str = _text()
    lock_name: str = _text()
    run_key: str | None = _text(null=True)
    labels: dict[str, str] = _json("{}")
    status: str = _text()
    degraded: bool = Field(False, sa_column_kwargs={"server_default": false()})
    degraded_reasons: list[str] = _json("[]")
    cancel_requested: bool = Field(False, sa_column_kwargs={"server_default": false()})
    created_at: datetime = _time()
    started_at: datetime | None = _time(null=True)
    heartbeat_at: datetime | None = _time(null=True)
    finished_at: datetime | None = _time(null=True)
    critical_findings: int = Field(0, sa_column_kwargs={"server_default": "0"})
    warning_findings: int = Field(0, sa_column_kwargs={"server_default": "0"})
    info_findings: int = Field(0, sa_column_kwargs={"server_default": "0"})


class JobRow(Usage, table=True):
    """One task within a run. `findings` holds ids, severities and states, never text."""

    __tablename__ = "run_jobs"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="run_jobs_status"),
        UniqueConstraint("run_id", "key"),
    )

    id: int | None = _key()
    run_id: int = _reference("runs.id")
    key: str = _text()
    task: str = _text()
    position: int
    params: dict[str, Any] = _json("{}")
    status: str = _text()
    degraded_reasons: list[str] = _json("[]")
    error: dict[str, str] | None = Field(None, sa_column=Column(JSON(none_as_null=True)))
    containers: list[dict[str, Any]] = _json("[]")
    findings: list[dict[str, str]] = _json("[]")
    started_at: datetime | None = _time(null=True)
    finished_at: datetime | None = _time(null=True)


class CallRow(Base, table=True):
    """The ledger: one HTTP request to the model. Counts, never content."""

    __tablename__ = "llm_calls"
    __table_args__ = (Index("llm_calls_by_time", "started_at"),)

    id: int | None = _key()
    run_id: int = _reference("runs.id")
    job_id: int = _reference("run_jobs.id")
    task: str = _text()
    container: str | None = _text(null=True)
    purpose: str = _text()
    endpoint: str = _text()
    model: str = _text()
    attempt: int
    started_at: datetime = _time()
    duration_seconds: float
    outcome: str = _text()
    http_status: int | None = None
    error_class: str | None = _text(null=True)
    finish_reason: str | None = _text(null=True)
    prompt_tokens: int | None = _count(null=True)
    cached_tokens: int | None = _count(null=True)
    completion_tokens: int | None = _count(null=True)
    reasoning_tokens: int | None = _count(null=True)
    estimated: bool = Field(False, sa_column_kwargs={"server_default": false()})
    currency: str | None = _text(null=True)
    prompt_per_million: Decimal | None = _money()
    cached_prompt_per_million: Decimal | None = _money()
    completion_per_million: Decimal | None = _money()
    per_gpu_second: Decimal | None = _money()
    cost: Decimal | None = _money()


class ArtifactRow(Base, table=True):
    """A file a run wrote."""

    __tablename__ = "artifacts"
    __table_args__ = (UniqueConstraint("path"),)

    id: int | None = _key()
    run_id: int = _reference("runs.id")
    job_id: int = _reference("run_jobs.id")
    kind: str = _text()
    media_type: str = _text()
    path: str = _text()
    size_bytes: int = _count()
    sha256: str = _text()
    created_at: datetime = _time()


class ContainerEntryRow(Base, table=True):
    """A container that may be read."""

    __tablename__ = "container_allowlist"

    name: str = _text(primary_key=True)
    enabled: bool
    note: str = _text()
    created_at: datetime = _time()


class ImageEntryRow(Base, table=True):
    """An image that may be run, pinned to a digest."""

    __tablename__ = "image_allowlist"

    reference: str = _text(primary_key=True)
    digest: str = _text()
    enabled: bool
    note: str = _text()
    created_at: datetime = _time()


class InventoryRow(Base, table=True):
    """A container as the daemon last showed it."""

    __tablename__ = "container_inventory"

    container_id: str = _text(primary_key=True)
    name: str = _text()
    image: str = _text()
    state: str = _text()
    compose_project: str | None = _text(null=True)
    compose_service: str | None = _text(null=True)
    first_seen_at: datetime = _time()
    last_seen_at: datetime = _time()


class CursorRow(Base, table=True):
    """How far a directive's job has read a container's log, in nanoseconds."""

    __tablename__ = "log_cursors"

    directive: str = _text(primary_key=True)
    job_key: str = _text(primary_key=True)
    container_id: str = _text(primary_key=True)
    container: str = _text()
    until: int = _count()
    last_line: int | None = _count(null=True)
    run_id: int = _count()


class PatternRow(Base, table=True):
    """A pattern some run saw: its fingerprint, never its text."""

    __tablename__ = "patterns_seen"

    directive: str = _text(primary_key=True)
    job_key: str = _text(primary_key=True)
    container: str = _text(primary_key=True)
    fingerprint: str = _text(primary_key=True)
    count: int = _count()
    first_run_id: int = _count()
    last_run_id: int = _count()


class AuditRow(Base, table=True):
    """Something policy decided."""

    __tablename__ = "audit_events"

    id: int | None = _key()
    at: datetime = _time()
    action: str = _text()
    subject: str = _text()
    outcome: str = _text()
    reason: str = _text()
    run_id: int | None = _count(null=True)
