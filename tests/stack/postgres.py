"""A PostgreSQL server of our own, whatever else runs here."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

from tests.stack import packages, state
from tests.stack.state import Record, StackError

NAME = "postgres"
USER = "cyberbrain"
_SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "max_connections=200",
    "listen_addresses=127.0.0.1",
)


def up() -> Record:
    """The server's URL, without a database name."""
    record = state.load(NAME)
    if record and ready(record):
        return record
    if record:
        down()
    programs = installation()
    home = state.folder(NAME)
    owner = _owner(home)
    data, log = home / "data", home / "log"
    log.touch()
    make = [
        str(programs / "initdb"),
        "-D",
        str(data),
        "-U",
        USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "-N",
    ]
    done = subprocess.run(
        make, user=owner, group=owner, cwd="/", capture_output=True, text=True,
        extra_groups=None if owner is None else [],
    )  # fmt: skip
    if done.returncode:
        raise StackError(f"initdb failed: {done.stderr.strip()}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(home)]
    command += [part for setting in _SETTINGS for part in ("-c", setting)]
    record = {
        "url": f"postgresql://{USER}@127.0.0.1:{port}",
        "port": port,
        "programs": str(programs),
        "ours": True,
        **state.start(command, log, user=owner),
    }
    state.save(NAME, record)
    state.wait(lambda: ready(record) or not state.alive(record), "PostgreSQL")
    if not ready(record):
        raise StackError(f"PostgreSQL does not start: {state.tail(log)}")
    return record


def down() -> None:
    """Stop the server and remove its data."""
    state.stop(state.load(NAME))
    state.forget(NAME)


def status() -> str:
    """One line."""
    record = state.load(NAME)
    return f"up at {record['url']}" if record and ready(record) else "down"


def ready(record: Record) -> bool:
    """Whether the server takes connections."""
    ask = [f"{record['programs']}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(record["port"])]
    return subprocess.run(ask).returncode == 0


def installation() -> Path:
    """The folder of its programs."""
    found = _installed()
    if found is None:
        hint = "Install PostgreSQL's server (apt install postgresql, brew install postgresql)."
        packages.need("postgresql", what="A PostgreSQL server", otherwise=hint)
        found = _installed()
    if found is None:
        raise StackError("PostgreSQL was installed, but its programs are not to be found.")
    return found


def _installed() -> Path | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if config := shutil.which("pg_config"):
        shown = subprocess.run([config, "--bindir"], capture_output=True, text=True)
        places.append(Path(shown.stdout.strip()))
    return next((place for place in places if (place / "initdb").exists()), None)


def _owner(home: Path) -> str | None:
    """PostgreSQL refuses to run as root; the package has made a user for it."""
    if os.getuid() != 0:
        return None
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise StackError("There is no user 'postgres' to run PostgreSQL as.") from None
    os.chown(home, user.pw_uid, user.pw_gid)
    return "postgres"
