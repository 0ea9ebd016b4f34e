"""Letting old runs go, records and artifacts together, so that no step leaves half a run behind."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from cyberbrain_cli.core.errors import AlreadyRunning, CyberbrainError
from cyberbrain_cli.core.ports import ArtifactStore, Locks
from cyberbrain_cli.core.prune import OldRun, Pruned, Pruning, Retention

LOCK = "runs prune"
"""No directive's name has a space in it."""
_AT_ONCE = 100

log = logging.getLogger(__name__)


def plan_prune(records: Pruning, wanted: Retention) -> Pruned:
    """What would go. Changes nothing."""
    return Pruned((*records.marked(), *records.candidates(wanted)))


def prune(records: Pruning, artifacts: ArtifactStore, locks: Locks, wanted: Retention) -> Pruned:
    """Remove the runs that may go, and those that an earlier pruning began.

    A run is marked before its first file goes and its rows go after its last one: no record is
    ever shown whose file is gone, and no file stays that no record knows. Raises AlreadyRunning
    while another process does the same.
    """
    with locks.hold(LOCK) as free:
        if not free:
            raise AlreadyRunning("Another process is pruning.", "Wait for it to end.")
        chosen = records.candidates(wanted)
        for part in _parts(chosen):
            records.mark([run.id for run in part])
        gone: list[OldRun] = []
        left: list[str] = []
        for part in _parts(records.marked()):
            empty = [run for run in part if _without_files(run, artifacts, left)]
            records.remove([run.id for run in empty])
            gone += empty
        log.info("%d runs were pruned", len(gone))
        return Pruned(tuple(gone), tuple(left))


def _without_files(run: OldRun, artifacts: ArtifactStore, left: list[str]) -> bool:
    """Remove a run's files; False, and a sentence more, where that cannot be done."""
    try:
        artifacts.discard(f"run_{run.id}")
    except CyberbrainError as error:
        left.append(f"Run {run.id} is left for the next pruning: {error.message}")
        return False
    return True


def _parts(runs: Sequence[OldRun]) -> Iterator[Sequence[OldRun]]:
    for start in range(0, len(runs), _AT_ONCE):
        yield runs[start : start + _AT_ONCE]
