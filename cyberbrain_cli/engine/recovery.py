"""Cleaning up after launches whose process is gone: kill -9, a crash, a power cut."""

from __future__ import annotations

import logging
from contextlib import nullcontext

from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.ports import ActiveRun, ArtifactStore, History, Journal, Locks

log = logging.getLogger(__name__)


def recover(
    history: History, journal: Journal, locks: Locks, artifacts: ArtifactStore, held: str
) -> int:
    """Mark every run whose lock is free as interrupted; how many there were.

    A lock dies with its holder, so a run that is recorded as running while its lock can be
    taken has no process any more, whatever its pid says. `held` is the lock that the caller
    holds itself: no other process can be using it.
    """
    interrupted = 0
    for run in history.active_runs():
        with nullcontext(True) if run.lock_name == held else locks.hold(run.lock_name) as free:
            if free and _still_active(history, run):
                journal.interrupt_run(run.id)
                log.warning("the process of the run is gone", extra={"run_id": run.id})
                discard_unfinished(history, artifacts, run.id)
                interrupted += 1
    return interrupted


def _still_active(history: History, run: ActiveRun) -> bool:
    """The run may have ended between being listed and its lock being taken."""
    return any(other.id == run.id for other in history.active_runs())


def discard_unfinished(history: History, artifacts: ArtifactStore, run_id: int) -> None:
    """Remove the files of the jobs that kept none: no record speaks of them."""
    for job in history.run(run_id).jobs:
        if job.status is not Status.SUCCEEDED and not job.artifacts:
            try:
                artifacts.discard(f"run_{run_id}/{job.key}")
            except CyberbrainError:
                continue
