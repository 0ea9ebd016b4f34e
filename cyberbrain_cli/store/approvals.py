"""Entries of the allowlists: every change leaves an audit event in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, or_, select, update

from cyberbrain_cli.core.records import AuditEvent
from cyberbrain_cli.store import counters
from cyberbrain_cli.store.sql import AUDIT, insert_new


def set_entry(
    connection: Connection,
    table: Table,
    key: str,
    values: dict[str, Any],
    remarks: Mapping[str, str | None],
    now: datetime,
) -> bool:
    """Add or change an entry; False when nothing changed. A remark of None leaves the old one."""
    (column,) = table.primary_key
    given = {name: text for name, text in remarks.items() if text is not None}
    wanted = values | given
    added = dict.fromkeys(remarks, "") | wanted | {column.name: key, "created_at": now}
    if not insert_new(connection, table, added):
        differs = [table.c[name] != value for name, value in wanted.items()]
        query = select(column).where(column == key, or_(*differs))
        if connection.execute(query).first() is None:
            return False
        connection.execute(update(table).where(column == key).values(**wanted))
    outcome = "enabled" if values["enabled"] else "disabled"
    told = [
        f"{name} {wanted[name] or 'nothing'}" for name in ("digest", "allows") if name in wanted
    ]
    reason = ", ".join(["by the operator", *told])
    audit(connection, AuditEvent(table.name, key, outcome, reason), now)
    return True


def remove_entry(connection: Connection, table: Table, key: str, now: datetime) -> bool:
    """Remove an entry; False when there was none."""
    (column,) = table.primary_key
    if not connection.execute(delete(table).where(column == key)).rowcount:
        return False
    audit(connection, AuditEvent(table.name, key, "removed", "by the operator"), now)
    return True


def audit(connection: Connection, event: AuditEvent, now: datetime) -> None:
    """Add an audit event."""
    if event.outcome == "refused":
        counters.refused(connection)
    connection.execute(insert(AUDIT).values(**asdict(event), at=now))
