"""Keeping two launches of one directive apart, also between processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cyberbrain_cli.core.errors import AlreadyRunning
from cyberbrain_cli.core.launch import IfRunning, LaunchRequest
from cyberbrain_cli.engine.loader import AD_HOC, LoadedDirective
from cyberbrain_cli.engine.parts import Parts
from cyberbrain_cli.engine.stop import Stop

WAIT_SECONDS = 0.5


def lock_name(loaded: LoadedDirective, request: LaunchRequest) -> str:
    """Launches of one directive exclude each other; ad-hoc ones only if they do the same."""
    name = loaded.directive.name
    if name != AD_HOC:
        return name
    return " ".join([AD_HOC, *request.tasks, *sorted(request.containers)])


@dataclass(frozen=True, slots=True)
class OverlapLock:
    """The lock of a launch, and what to do when another has it."""

    parts: Parts
    name: str
    if_running: IfRunning
    stop: Stop

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the lock; False when another launch has it and this one is to be skipped.

        Raises AlreadyRunning unless told to skip or to wait.
        """
        told = False
        while True:
            with self.parts.locks.hold(self.name) as free:
                if free:
                    yield True
                    return
            if self.if_running is IfRunning.SKIP:
                self.parts.progress.note(f"'{self.name}' is running already; skipped.")
                yield False
                return
            if self.if_running is IfRunning.FAIL:
                raise AlreadyRunning(
                    f"Another launch of '{self.name}' is running.",
                    "Wait for it, or use --if-running wait (or skip).",
                )
            if not told:
                self.parts.progress.note(f"Waiting for another launch of '{self.name}' to end.")
                told = True
            self.stop.wait(WAIT_SECONDS)
