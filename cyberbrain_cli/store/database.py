"""Connections: SQLite in a file of our own, or PostgreSQL; every failure in one line."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from cyberbrain_cli.core.errors import CyberbrainError, DatabaseUnavailable, UsageError

BUSY_SECONDS = 30
CONNECT_SECONDS = 10
_POSTGRESQL = {"postgres", "postgresql", "postgresql+psycopg"}


class RecordConflict(CyberbrainError):
    """A row that may exist once exists already; nothing was written."""

    code = "conflict"


class Database:
    """An open database. `path` is the file of an embedded one, None for a server."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self._engine = engine
        self._writing = engine.execution_options(cyberbrain_write=True)
        self.path = path

    @property
    def embedded(self) -> bool:
        """Whether this is a file that belongs to this program alone."""
        return self.path is not None

    @property
    def label(self) -> str:
        """How to name the database to a person: no user, no password."""
        if self.path is not None:
            return str(self.path)
        url = self._engine.url
        return f"{url.database} on {url.host or 'the local socket'}"

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection with one consistent view. Raises DatabaseUnavailable."""
        with self._told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it or nothing. Raises DatabaseUnavailable."""
        with self._told(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection of its own, each statement for itself. Raises DatabaseUnavailable."""
        own = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._told(), own.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise RecordConflict("The records have this already, or it contradicts them.") from None
        except DBAPIError as error:
            raise DatabaseUnavailable(
                f"The database {self.label} failed: {_reason(error)}.", _hint(self)
            ) from None


def connect(url: str) -> Database:
    """Make ready to connect; nothing is opened yet.

    Raises UsageError for a URL that names no database we know, DatabaseUnavailable for an
    embedded file that cannot be made.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError(
            "database.url is not a database URL.", "postgresql://user@host/name, sqlite:///PATH"
        ) from None
    if parsed.drivername in _POSTGRESQL:
        return Database(_postgresql(parsed), None)
    if parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:"):
        path = Path(str(parsed.database)).absolute()
        return Database(_sqlite(path), path)
    raise UsageError(
        f"database.url: '{parsed.drivername}' is not supported.",
        "postgresql://user@host/name, sqlite:///PATH",
    )


def _postgresql(url: URL) -> Engine:
    import psycopg  # noqa: F401 - fail here, not at the first query

    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "cyberbrain"},
        pool_pre_ping=True,
    )


def _sqlite(path: Path) -> Engine:
    _create(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        """A writer takes its place in the queue at once; a late upgrade could only fail."""
        write = connection.get_execution_options().get("cyberbrain_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _create(path: Path) -> None:
    """Make the file for its owner alone, before SQLite makes it for everybody."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(
            f"The database file {path} cannot be opened: {error.strerror}.",
            "Set database.url to a file or a server that can be written.",
        ) from None


def _reason(error: DBAPIError) -> str:
    """The driver's own first line: it speaks of the connection or the disk, never of values."""
    first = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no reason"
    return re.sub(r"(password\S*\s*=\s*)\S+", r"\1…", first).rstrip(".")


def _hint(database: Database) -> str:
    if database.embedded:
        return "Check that the disk has room and the file is yours; `cyberbrain doctor` tells more."
    return "Check that PostgreSQL runs and database.url is right; `cyberbrain doctor` tells more."
