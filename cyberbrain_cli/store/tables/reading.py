"""What is known of containers and of how far their logs were read."""

from __future__ import annotations

from datetime import datetime

from cyberbrain_cli.store.tables.columns import (
    Base,
    moment,
    number,
    words,
)


class InventoryRow(Base, table=True):
    """A container as the daemon last showed it."""

    __tablename__ = "container_inventory"

    container_id: str = words(primary_key=True)
    name: str = words()
    image: str = words()
    state: str = words()
    compose_project: str | None = words(null=True)
    compose_service: str | None = words(null=True)
    first_seen_at: datetime = moment()
    last_seen_at: datetime = moment()


class CursorRow(Base, table=True):
    """How far a directive's job has read a container's log, in nanoseconds."""

    __tablename__ = "log_cursors"

    directive: str = words(primary_key=True)
    job_key: str = words(primary_key=True)
    container_id: str = words(primary_key=True)
    container: str = words()
    until: int = number()
    last_line: int | None = number(null=True)
    run_id: int = number()


class PatternRow(Base, table=True):
    """A pattern some run saw: its fingerprint, never its text."""

    __tablename__ = "patterns_seen"

    directive: str = words(primary_key=True)
    job_key: str = words(primary_key=True)
    container: str = words(primary_key=True)
    fingerprint: str = words(primary_key=True)
    count: int = number()
    first_run_id: int = number()
    last_run_id: int = number()
