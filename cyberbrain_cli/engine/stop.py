"""Asking work to stop: by a signal, by `runs cancel`, or because its time is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from cyberbrain_cli.core.errors import CyberbrainError, RunFailed

T = TypeVar("T")


class Stop:
    """A request to stop, made once and seen by everyone who checks.

    Safe to request from a signal handler: what has to be broken off is broken off by a thread.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.RLock()
        self._error: CyberbrainError | None = None
        self._since: float | None = None
        self._callbacks: list[Callable[[], None]] = []

    @property
    def error(self) -> CyberbrainError | None:
        """Why to stop; None while nobody asked."""
        return self._error

    @property
    def elapsed_seconds(self) -> float:
        """How long ago it was asked; 0 while nobody did."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def request(self, error: CyberbrainError) -> None:
        """Ask to stop; `error` is what every check raises from now on. The first request wins."""
        with self._lock:
            if self._error is not None:
                return
            self._error, self._since = error, time.monotonic()
            callbacks, self._callbacks = self._callbacks, []
        self._event.set()
        if callbacks:
            threading.Thread(target=lambda: [call() for call in callbacks], daemon=True).start()

    def check(self) -> None:
        """Raise the reason to stop, if there is one."""
        if self._error is not None:
            raise self._error

    def wait(self, seconds: float) -> None:
        """Let time pass, or raise the reason to stop as soon as there is one."""
        self._event.wait(seconds)
        self.check()

    def outlived(self, work: Callable[[], T]) -> T:
        """The result of `work`, or the reason to stop as soon as there is one.

        For work that waits for something outside and cannot be broken off: it goes on in a
        thread that is left behind, so it must change nothing of which a record speaks.
        """
        results: list[T] = []
        errors: list[BaseException] = []
        over = threading.Event()

        def attempt() -> None:
            try:
                results.append(work())
            except BaseException as error:  # noqa: BLE001 - carried to the caller's thread
                errors.append(error)
            over.set()

        self.on_stop(over.set)
        threading.Thread(target=attempt, daemon=True).start()
        over.wait()
        self.check()
        if errors:
            raise errors[0]
        return results[0]

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call back once when the stop is requested; at once if it was already."""
        with self._lock:
            if self._error is None:
                self._callbacks.append(callback)
                return
        callback()

    def child(self) -> Stop:
        """A stop of its own that is requested together with this one."""
        child = Stop()
        self.on_stop(lambda: child.request(self._error or RunFailed("The run was stopped.")))
        return child

    def after(self, seconds: float | None, what: str) -> Callable[[], None]:
        """Request the stop when the time is up; returns how to call that off."""
        if seconds is None:
            return lambda: None
        timer = threading.Timer(
            seconds,
            lambda: self.request(
                RunFailed(f"{what} did not end within {seconds:g} s.", "Allow it more time.")
            ),
        )
        timer.daemon = True
        timer.start()
        return timer.cancel
