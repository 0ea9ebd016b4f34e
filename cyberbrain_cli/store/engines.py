"""How each kind of database is spoken to."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from cyberbrain_cli.core.errors import DatabaseUnavailable
from cyberbrain_cli.store.tables.columns import as_json

POSTGRESQL = frozenset({"postgres", "postgresql", "postgresql+psycopg"})

_BUSY_SECONDS = 20
_MANNERS = {
    "connect_timeout": 10,
    "application_name": "cyberbrain",
    # A server that vanished without a word is noticed within a minute, not after two hours.
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 50_000,
}


def postgresql(url: URL) -> Engine:
    """An engine for a server; what the URL says of the connection goes before our manners."""
    import psycopg  # noqa: F401 - fail here, not at the first query

    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={key: value for key, value in _MANNERS.items() if key not in url.query},
        pool_pre_ping=True,
        json_serializer=as_json,
    )


def sqlite(path: Path) -> Engine:
    """An engine for a file, which is made if there is none. Raises DatabaseUnavailable."""
    _create(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": _BUSY_SECONDS},
        json_serializer=as_json,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        """A writer takes its place in the queue at once; a late upgrade could only fail."""
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            write = options.get("cyberbrain_write")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _create(path: Path) -> None:
    """Make the file for its owner alone, before SQLite makes it for everybody."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise _not_ours(path, f"cannot be opened: {error.strerror}") from None
    regular = stat.S_ISREG(os.fstat(handle).st_mode)
    os.close(handle)
    if not regular:
        raise _not_ours(path, "is not a file")


def _not_ours(path: Path, what: str) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The database file {path} {what}.",
        "Set database.url to a file or a server that can be written.",
    )
