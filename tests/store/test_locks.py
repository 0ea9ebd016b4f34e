"""A lock dies with its holder, and with nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cyberbrain_cli.store.database import connect
from cyberbrain_cli.store.locks import locks_for

_HOLD = """
import sys
from cyberbrain_cli.store.database import connect
from cyberbrain_cli.store.locks import locks_for
with locks_for(connect(sys.argv[1])).hold(sys.argv[2]) as free:
    print(free, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(url: str, name: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, url, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


@pytest.fixture
def free(database_url: str) -> Iterator[object]:
    """Whether a lock can be taken by this process."""
    database = connect(database_url)
    locks = locks_for(database)

    def ask(name: str) -> bool:
        with locks.hold(name) as got:
            return got

    yield ask
    database.close()


def test_two_processes_cannot_hold_the_same_lock(database_url: str, free: object) -> None:
    assert callable(free)
    with holder(database_url, "nightly"):
        assert not free("nightly")
        assert free("hourly")


def test_a_lock_is_free_again_when_its_holder_is_done(database_url: str, free: object) -> None:
    assert callable(free)
    with holder(database_url, "nightly") as process:
        process.communicate()
    assert free("nightly")
    assert free("nightly")


def test_a_lock_is_free_again_when_its_holder_is_killed(database_url: str, free: object) -> None:
    assert callable(free)
    with holder(database_url, "nightly") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert free("nightly")


def test_a_process_cannot_take_its_own_lock_twice(database_url: str, free: object) -> None:
    assert callable(free)
    database = connect(database_url)
    with locks_for(database).hold("nightly") as got:
        assert got
        assert not free("nightly")
        assert free("hourly")
    assert free("nightly")
    database.close()
