"""What we have started: a folder outside the repository, and the processes recorded in it.

The folder lies in /tmp, since the path of a Unix socket may have 107 bytes, and since the user
`postgres` must be able to reach it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
MARK = hashlib.blake2b(str(REPOSITORY).encode(), digest_size=4).hexdigest()
FOLDER = Path("/tmp") / f"cyberbrain-stack-{os.getuid()}-{MARK}"

Record = dict[str, Any]


class StackError(Exception):
    """A service cannot be had; the message says what is missing and how to get it."""


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """One `up` or `down` at a time for this checkout."""
    handle = os.open(Path(__file__).parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def folder(name: str = "") -> Path:
    """A folder of ours. Refuses one that belongs to somebody else."""
    FOLDER.mkdir(mode=0o711, exist_ok=True)
    found = FOLDER.lstat()
    if found.st_uid != os.getuid() or not FOLDER.is_dir() or FOLDER.is_symlink():
        raise StackError(f"{FOLDER} belongs to somebody else; remove it.")
    path = FOLDER / name
    path.mkdir(mode=0o711, exist_ok=True)
    return path


def load(service: str) -> Record | None:
    """What was recorded of a service; None when it is not up."""
    try:
        return dict(json.loads((FOLDER / f"{service}.json").read_text()))
    except FileNotFoundError:
        return None


def save(service: str, record: Mapping[str, Any]) -> Record:
    """Record a service, whole or not at all."""
    target = folder() / f"{service}.json"
    written = target.with_suffix(".new")
    written.write_text(json.dumps(record))
    written.replace(target)
    return dict(record)


def forget(service: str) -> None:
    """The service is down: remove its record and its folder, and ours when it is the last."""
    (FOLDER / f"{service}.json").unlink(missing_ok=True)
    shutil.rmtree(FOLDER / service, ignore_errors=True)
    with contextlib.suppress(OSError):
        FOLDER.rmdir()


def start(command: Sequence[str], log: Path, *, user: str | None = None) -> Record:
    """Start a process that outlives us; its pid and the time it was started."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd=REPOSITORY if user is None else "/",
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    return {"pid": process.pid, "started": started_at(process.pid)}


def started_at(pid: int) -> str | None:
    """When a process was started, in the system's own terms; None when there is none."""
    with contextlib.suppress(OSError, ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    status = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
    return shown.stdout.strip() or None


def alive(record: Mapping[str, Any] | None) -> bool:
    """Whether the very process that was recorded still runs."""
    if not record or "pid" not in record:
        return False
    return record["started"] is not None and started_at(record["pid"]) == record["started"]


def stop(record: Mapping[str, Any] | None, seconds: float = 30) -> None:
    """End a process that we started, and no other: politely first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not record or not alive(record):
            return
        os.kill(record["pid"], number)
        with contextlib.suppress(TimeoutError):
            wait(lambda: not alive(record), "the process to end", seconds)


def wait(ready: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Ask until it is so. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:g} s for {what}.")
        time.sleep(0.05)


def tail(log: Path, lines: int = 5) -> str:
    """The end of a log, for an error message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
