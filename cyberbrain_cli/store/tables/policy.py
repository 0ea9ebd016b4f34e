"""What is allowed, and what was decided."""

from __future__ import annotations

from datetime import datetime

from cyberbrain_cli.store.tables.columns import (
    Base,
    moment,
    number,
    row_id,
    words,
)


class ContainerEntryRow(Base, table=True):
    """A container that may be read."""

    __tablename__ = "container_allowlist"

    name: str = words(primary_key=True)
    enabled: bool
    note: str = words()
    created_at: datetime = moment()


class ImageEntryRow(Base, table=True):
    """An image that may be run, pinned to a digest."""

    __tablename__ = "image_allowlist"

    reference: str = words(primary_key=True)
    digest: str = words()
    enabled: bool
    note: str = words()
    created_at: datetime = moment()
    allows: str = words(default="")


class AuditRow(Base, table=True):
    """Something policy decided."""

    __tablename__ = "audit_events"

    id: int | None = row_id()
    at: datetime = moment()
    action: str = words()
    subject: str = words()
    outcome: str = words()
    reason: str = words()
    run_id: int | None = number(null=True)
