"""Telling others of a run: when, what, and through whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cyberbrain_cli.core.directive import DirectiveNotify
from cyberbrain_cli.core.findings import worst
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import RunDocument


class Beat(StrEnum):
    """What a ping says."""

    START = "start"
    SUCCESS = "success"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Notice:
    """A short summary of a run: counts and titles, never a line of a log."""

    title: str
    body: str
    failed: bool


class Telling(Protocol):
    """Messages that are on their way, each within a bounded time."""

    def hurry(self, seconds: float) -> None:
        """Wait only so long from now on. Safe in any thread."""
        ...

    def outcome(self) -> tuple[str, ...]:
        """Wait for them; a sentence for each that did not arrive. Never raises."""
        ...


class Messenger(Protocol):
    """Reaches the targets that the configuration names, and waits for none of them."""

    def check(self, targets: tuple[str, ...], ping: str | None) -> None:
        """Raise UsageError for a name that the configuration does not have."""
        ...

    def send(self, targets: tuple[str, ...], notice: Notice) -> Telling:
        """Begin to tell all targets."""
        ...

    def ping(self, name: str, beat: Beat) -> Telling:
        """Begin to say that a run begins or how it ended."""
        ...


def wanted(notify: DirectiveNotify, document: RunDocument) -> bool:
    """Whether a directive wants this to be told. A failure is told also of those with findings."""
    if notify.when == "always" or document.run.status is not Status.SUCCEEDED:
        return True
    return notify.when == "findings" and worst(document.findings) is not None
