"""A PostgreSQL server of one test's own, with a password, that may be killed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.stack import state

USER, PASSWORD = "keeper", "correct/horse"


class OwnServer:
    """Started and stopped at will; the data stays until `remove`."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._owner = "postgres" if os.getuid() == 0 else None
        self._home = Path(tempfile.mkdtemp(prefix="cyberbrain-pg-", dir="/tmp"))
        (self._home / "password").write_text(PASSWORD)
        if self._owner:
            for path in (self._home, self._home / "password"):
                shutil.chown(path, self._owner, self._owner)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        make = self._spawn(
            "initdb", "-D", f"{self._home}/data", "-U", USER, "-E", "UTF8", "-N",
            "-A", "scram-sha-256", f"--pwfile={self._home}/password",
        )  # fmt: skip
        assert make.wait() == 0

    def url(self, password: str = "correct%2Fhorse") -> str:
        """The server's own database, as `database.url` has it."""
        return f"postgresql://{USER}:{password}@127.0.0.1:{self._port}/postgres"

    def start(self, fsync: str = "off") -> None:
        """Start it, and return when it takes connections."""
        self._process = self._spawn(
            "postgres", "-D", f"{self._home}/data", "-p", str(self._port), "-k", str(self._home),
            "-c", "listen_addresses=127.0.0.1", "-c", f"fsync={fsync}",
        )  # fmt: skip
        state.wait(self._answers, "PostgreSQL")

    def kill(self) -> None:
        """The server is gone from one moment to the next, with all its connections."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Leave nothing behind."""
        self.kill()
        shutil.rmtree(self._home)

    def _spawn(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(self._programs / program), *arguments],
            user=self._owner,
            group=self._owner,
            extra_groups=None if self._owner is None else [],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url()).close()
        except psycopg.OperationalError:
            return False
        return True
