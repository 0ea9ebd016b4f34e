"""A run that is to be done again, as far as it did not succeed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import PlannedWindow


@dataclass(frozen=True, slots=True)
class PastJob:
    """A job as it was planned. `windows` is None where they were not recorded yet."""

    key: str
    status: Status
    params: dict[str, Any]
    windows: tuple[PlannedWindow, ...] | None


@dataclass(frozen=True, slots=True)
class PastLaunch:
    """A run as it was begun: the directive's text, what was asked, and every job's plan."""

    id: int
    status: Status
    directive: str
    text: str
    lock_name: str
    labels: dict[str, str]
    options: dict[str, Any]
    jobs: tuple[PastJob, ...]

    @property
    def open_jobs(self) -> dict[str, PastJob]:
        """The jobs that did not succeed, by key."""
        return {job.key: job for job in self.jobs if job.status is not Status.SUCCEEDED}
