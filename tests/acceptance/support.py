"""What the tests of a run's life share: the records as they are, and waiting for them to change."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from tests.conftest import Cyberbrain, Finished
from tests.stack import state

PATIENCE_SECONDS = 20
TRIAGE = ("launch", "--task", "log_triage", "-o", "json")
TROUBLE = "for i in 1 2 3; do echo 'ERROR sorry, too many clients already' >&2; done"


@dataclass(frozen=True)
class Records:
    """The program's database, asked without the program."""

    url: str

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        engine = create_engine(self.url.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(query))]
        finally:
            engine.dispose()

    def one(self, query: str) -> Any:
        """The one value of a query."""
        ((value,),) = self.rows(query)
        return value

    def statuses(self) -> list[str]:
        """The status of each run, in the order they were started."""
        return [str(status) for (status,) in self.rows("SELECT status FROM runs ORDER BY id")]


def embedded(cyberbrain: Cyberbrain) -> Records:
    """The database that is used when nothing is configured."""
    return Records(f"sqlite:///{data_folder(cyberbrain)}/cyberbrain.db")


def data_folder(cyberbrain: Cyberbrain) -> Path:
    """Where the program keeps what it keeps."""
    return cyberbrain.home / "data" / "cyberbrain"


def until(ready: Callable[[], bool], what: str) -> None:
    """Ask until it is so."""
    state.wait(ready, what, PATIENCE_SECONDS)


def finish(process: subprocess.Popen[str], seconds: float = PATIENCE_SECONDS) -> Finished:
    """Wait for the program's end; it is killed, and the test fails, when that takes longer."""
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        raise AssertionError(f"It did not end within {seconds:g} s.\n{stdout}\n{stderr}") from None
    return Finished(process.returncode, stdout, stderr)


def stop(process: subprocess.Popen[str], number: int = signal.SIGINT) -> tuple[Finished, float]:
    """Send a signal; how the program ended, and after how many seconds."""
    begin = time.monotonic()
    process.send_signal(number)
    done = finish(process)
    return done, time.monotonic() - begin


def document(done: Finished) -> dict[str, Any]:
    """The one JSON document on stdout."""
    found = json.loads(done.stdout)
    assert isinstance(found, dict), done.stdout
    return found


def error_of(done: Finished) -> dict[str, str]:
    """The error document on stdout, told without a traceback."""
    found = document(done)
    assert set(found) == {"error"}, found
    error = found["error"]
    assert set(error) == {"code", "message", "hint"}
    assert "Traceback" not in done.stderr
    assert isinstance(error, dict)
    return error


def reading_of(found: dict[str, Any]) -> dict[str, Any]:
    """What the one job read of its one container."""
    (job,) = found["run"]["jobs"]
    (container,) = job["containers"]
    assert isinstance(container, dict)
    return container


def files_of(root: Path) -> list[str]:
    """The files below a folder."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def write_directive(cyberbrain: Cyberbrain, name: str, body: str = "") -> str:
    """A directive that triages, in a file beside the caller; its path."""
    tasks = "" if "tasks:" in body else "tasks:\n  - task: log_triage\n"
    (cyberbrain.home / f"{name}.yaml").write_text(f"name: {name}\n{body}\n{tasks}")
    return f"./{name}.yaml"
