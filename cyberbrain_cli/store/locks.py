"""Locks between processes. They die with their holder, and with nothing else."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from cyberbrain_cli.core.errors import DatabaseUnavailable
from cyberbrain_cli.core.ports import Locks
from cyberbrain_cli.store.database import Database


def locks_for(database: Database) -> Locks:
    """Locks that every process with the same database shares."""
    if database.path is not None:
        return FileLocks(database.path.parent / "locks")
    return AdvisoryLocks(database)


_STAY = """
SELECT set_config(wanted.name, wanted.value, false)
FROM pg_settings JOIN (VALUES ('idle_session_timeout', '0'), ('tcp_keepalives_idle', '30'),
('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3')) AS wanted (name, value)
USING (name)
"""
"""Keep the session while its holder lives, and notice within a minute that its machine is gone."""


class FileLocks:
    """`flock` on an empty file for each name; the kernel lets go when the process is gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """Try to take the lock; False when another process, or another call, has it."""
        handle = self._open(name)
        try:
            yield _flock(handle)
        finally:
            os.close(handle)

    def _open(self, name: str) -> int:
        path = self._folder / f"{_digest(name).hex()}.lock"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseUnavailable(
                f"No lock can be taken at {path}: {error.strerror}."
            ) from None


class AdvisoryLocks:
    """PostgreSQL's session-level advisory locks; the server lets go when the session ends."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """Try to take the lock, on a session of its own."""
        key = int.from_bytes(_digest(name), "big", signed=True)
        with self._database.session() as connection:
            connection.execute(text(_STAY)).all()
            free = bool(
                connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar()
            )
            try:
                yield free
            finally:
                connection.invalidate()


def _flock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _digest(name: str) -> bytes:
    return hashlib.blake2b(f"cyberbrain:{name}".encode(), digest_size=8).digest()
