"""Small pieces of SQL that the journal and the reports share."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Table, func, insert

from cyberbrain_cli.store import tables

DIRECTIVES: Table
RUNS: Table
JOBS: Table
CALLS: Table
DAYS: Table
WORK_DAYS: Table
RETIRED: Table
RESERVATIONS: Table
ARTIFACTS: Table
CONTAINERS: Table
IMAGES: Table
INVENTORY: Table
CURSORS: Table
PATTERNS: Table
AUDIT: Table
COUNTERS: Table

_NAMES = {
    "DIRECTIVES": "directives",
    "RUNS": "runs",
    "JOBS": "run_jobs",
    "CALLS": "llm_calls",
    "DAYS": "llm_days",
    "WORK_DAYS": "llm_work_days",
    "RETIRED": "llm_retired",
    "RESERVATIONS": "llm_reservations",
    "ARTIFACTS": "artifacts",
    "CONTAINERS": "container_allowlist",
    "IMAGES": "image_allowlist",
    "INVENTORY": "container_inventory",
    "CURSORS": "log_cursors",
    "PATTERNS": "patterns_seen",
    "AUDIT": "audit_events",
    "COUNTERS": "counters",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Table:
        """Load a table when it is first named: all of them are a tenth of a short command."""
        if name not in _NAMES:
            raise AttributeError(name)
        return globals().setdefault(name, tables.load(_NAMES[name]))


def add(connection: Connection, to: Table, values: dict[str, Any]) -> int:
    """Insert one row; its id."""
    (key,) = cast(
        "tuple[int]", connection.execute(insert(to).values(**values)).inserted_primary_key
    )
    return key


def insert_new(connection: Connection, to: Table, values: dict[str, Any]) -> bool:
    """Insert one row; False when it is there already, whoever put it there."""
    statement = dialect_insert(connection, to).values(**values).on_conflict_do_nothing()
    return connection.execute(statement.returning(*to.primary_key)).first() is not None


def upsert(
    connection: Connection, to: Table, rows: list[dict[str, Any]], change: tuple[str, ...]
) -> None:
    """Insert rows; where the key is there already, take over the `change` columns.

    A column named with a leading `+` is added to instead; NULL adds nothing.
    """
    if not rows:
        return
    keys = [column.name for column in to.primary_key]
    # Whoever else writes the same rows takes them in the same order: nobody waits in a ring.
    ordered = sorted(rows, key=lambda row: [row[key] for key in keys])
    connection.execute(_upserting(connection.dialect.name, to, change), ordered)


@cache
def _upserting(dialect: str, to: Table, change: tuple[str, ...]) -> Any:
    """Made once: putting it together takes longer than the database does."""
    statement = _dialect(dialect).insert(to)
    keys = [column.name for column in to.primary_key]
    return statement.on_conflict_do_update(index_elements=keys, set_=changes(statement, to, change))


def changes(statement: Any, to: Table, change: tuple[str, ...]) -> dict[str, Any]:
    """What an insert sets where the key is there already."""
    new, old = statement.excluded, to.c
    values = {}
    for name in (name.lstrip("+") for name in change):
        both = old[name] + new[name]
        if f"+{name}" not in change:
            values[name] = new[name]
        elif old[name].nullable:
            values[name] = func.coalesce(both, old[name], new[name])
        else:
            values[name] = both
    return values


def dialect_insert(connection: Connection, to: Table) -> Any:
    """An insert with the words that only some databases know."""
    return _dialect(connection.dialect.name).insert(to)


def _dialect(name: str) -> Any:
    """Only the dialect in use: PostgreSQL's alone takes a tenth of the time of a short command."""
    return import_module(f"sqlalchemy.dialects.{name}")
