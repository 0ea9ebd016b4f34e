"""The states of runs and jobs, and which may follow which."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """State of a run or of a job."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


ACTIVE = frozenset({Status.PENDING, Status.RUNNING})
ENDED = frozenset(Status) - ACTIVE

_NEXT: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset(Status) - {Status.PENDING, Status.SUCCEEDED},
    Status.RUNNING: ENDED,
}


def may_follow(before: Status, after: Status) -> bool:
    """Whether a run or job in state `before` may move to `after`; an ended one never moves."""
    return after in _NEXT.get(before, frozenset())


def run_status(jobs: Iterable[Status], *, cancelled: bool) -> Status:
    """The state of a run whose jobs have ended, or never began; `cancelled` if it was stopped."""
    if cancelled:
        return Status.CANCELLED
    return Status.SUCCEEDED if all(job is Status.SUCCEEDED for job in jobs) else Status.FAILED
