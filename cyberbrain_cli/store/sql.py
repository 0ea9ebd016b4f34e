"""Small pieces of SQL that the journal and the reports share."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from sqlalchemy import Connection, Table, insert
from sqlmodel import SQLModel

from cyberbrain_cli.store import tables

Row = type[SQLModel]


def table(model: Row) -> Table:
    """The table of a model, for statements that need no objects."""
    return cast("Table", cast("Any", model).__table__)


DIRECTIVES = table(tables.DirectiveRow)
RUNS = table(tables.RunRow)
JOBS = table(tables.JobRow)
CALLS = table(tables.CallRow)
ARTIFACTS = table(tables.ArtifactRow)
CONTAINERS = table(tables.ContainerEntryRow)
IMAGES = table(tables.ImageEntryRow)
INVENTORY = table(tables.InventoryRow)
CURSORS = table(tables.CursorRow)
PATTERNS = table(tables.PatternRow)
AUDIT = table(tables.AuditRow)


def add(connection: Connection, to: Table, values: dict[str, Any]) -> int:
    """Insert one row; its id."""
    (key,) = cast(
        "tuple[int]", connection.execute(insert(to).values(**values)).inserted_primary_key
    )
    return key


def upsert(
    connection: Connection, to: Table, rows: list[dict[str, Any]], change: tuple[str, ...]
) -> None:
    """Insert rows; where the key is there already, take over the `change` columns.

    A column named with a leading `+` is added to instead.
    """
    if not rows:
        return
    # Only the dialect in use: PostgreSQL's alone takes a tenth of the time of a short command.
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    statement = dialect.insert(to)
    new = statement.excluded
    values = {
        name.lstrip("+"): to.c[name[1:]] + new[name[1:]] if name[0] == "+" else new[name]
        for name in change
    }
    keys = [column.name for column in to.primary_key]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values), rows)
