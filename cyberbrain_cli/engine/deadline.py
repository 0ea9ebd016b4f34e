"""Waiting for the daemon, but not for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from cyberbrain_cli.core.errors import Cancelled, CyberbrainError, DockerUnavailable
from cyberbrain_cli.engine.stop import Stop


def within(seconds: float, work: Callable[[], None]) -> str | None:
    """Do it, but wait no longer than so many seconds; why it is not done, if it is not."""
    problems: list[BaseException] = []

    def attempt() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - carried to the caller's thread
            problems.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        return f"The daemon did not answer within {seconds:g} s."
    for problem in problems:
        if not isinstance(problem, CyberbrainError):
            raise problem
        return problem.message
    return None


def patience(seconds: float, what: str, stop: Stop) -> Callable[[], None]:
    """A check that raises once the time is up, or the run is cancelled.

    A job whose own time is up may still read what its container left.
    """
    end = time.monotonic() + seconds

    def check() -> None:
        if isinstance(stop.error, Cancelled):
            raise stop.error
        if time.monotonic() > end:
            raise DockerUnavailable(
                f"{what} was not read within {seconds:g} s.", "Is the Docker daemon well?"
            )

    return check
