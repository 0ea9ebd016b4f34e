"""Connections: SQLite in a file of our own, or PostgreSQL; every failure in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from cyberbrain_cli.core.errors import CyberbrainError, DatabaseUnavailable, UsageError
from cyberbrain_cli.store.engines import POSTGRESQL, postgresql, sqlite

TRIES = 3
_EXAMPLES = "postgresql://user@host/name, sqlite:///PATH"
_SQLITE_BUSY, _SQLITE_LOCKED = 5, 6
_SERIALIZATION, _DEADLOCK, _LOCKED = "40001", "40P01", "55P03"

T = TypeVar("T")


class RecordConflict(CyberbrainError):
    """A row that may exist once exists already, or a value that no row can hold.

    Nothing was written.
    """

    code = "conflict"


class DatabaseBusy(DatabaseUnavailable):
    """Somebody else was in the way; nothing was written, and trying again may help."""


class Database:
    """An open database. `path` is the file of an embedded one, None for a server."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self._engine = engine
        self._writing = engine.execution_options(cyberbrain_write=True)
        self._reading = engine
        if path is None:
            self._reading = engine.execution_options(isolation_level="REPEATABLE READ")
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
        name = url.database or "of the user's name"
        return f"{name} on {url.host or url.query.get('host') or 'the local socket'}"

    @property
    def identity(self) -> str:
        """What tells this database from others, as seen from this host: no user, no password."""
        url = self._engine.url
        return str(self.path or f"{url.host}:{url.port}/{url.database}?{url.query.get('host')}")

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection with one consistent view. Raises DatabaseUnavailable."""
        with self._told(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it or nothing. Raises DatabaseUnavailable."""
        with self._told(), self._writing.begin() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction, again if somebody was in the way.

        Raises DatabaseUnavailable.
        """
        for _ in range(TRIES - 1):
            try:
                with self.writing() as connection:
                    return work(connection)
            except DatabaseBusy:
                continue
        with self.writing() as connection:
            return work(connection)

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
        except (DataError, OverflowError):
            raise RecordConflict("The records cannot hold one of the values.") from None
        except NoFreeConnection:
            raise DatabaseBusy(
                f"The database {self.label} is asked too much at once.", _hint(self)
            ) from None
        except DBAPIError as error:
            kind = DatabaseBusy if _is_busy(error) else DatabaseUnavailable
            raise kind(
                f"The database {self.label} failed: {_reason(error)}.", _hint(self)
            ) from None


def connect(url: str) -> Database:
    """Make ready to connect; nothing is opened yet.

    Raises UsageError for a URL that names no database we know, DatabaseUnavailable for an
    embedded file that cannot be made.
    """
    parsed = _parse(url)
    if parsed.drivername in POSTGRESQL:
        return Database(postgresql(parsed), None)
    if parsed.drivername != "sqlite":
        raise UsageError(f"database.url: '{parsed.drivername}' is not supported.", _EXAMPLES)
    if parsed.database in (None, "", ":memory:") or parsed.query or "\0" in str(parsed.database):
        raise UsageError(
            "database.url: SQLite needs the path of a file, and nothing else.", _EXAMPLES
        )
    path = Path(str(parsed.database)).absolute()
    return Database(sqlite(path), path)


def _parse(url: str) -> URL:
    """The URL's parts. What cannot be told apart is not repeated: it may be a password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise UsageError("database.url is not a database URL.", _EXAMPLES) from None
    if "@" in (parsed.host or ""):
        raise UsageError(
            "database.url has more than one '@'.", "Write %40 for an '@' in a user or password."
        )
    return parsed


def _is_busy(error: DBAPIError) -> bool:
    code: Any = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (_SQLITE_BUSY, _SQLITE_LOCKED)
    return getattr(error.orig, "sqlstate", None) in (_SERIALIZATION, _DEADLOCK, _LOCKED)


def _reason(error: DBAPIError) -> str:
    """The driver's own first line: it speaks of the connection or the disk, never of values."""
    lines = str(error.orig).strip().splitlines() or ["it does not say why"]
    return lines[0].rstrip(".")


def _hint(database: Database) -> str:
    if database.embedded:
        return "Check that the disk has room and the file is yours; `cyberbrain doctor` tells more."
    return "Check that PostgreSQL runs and database.url is right; `cyberbrain doctor` tells more."
