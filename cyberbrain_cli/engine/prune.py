"""Letting old runs go, records and artifacts together, so that no step leaves half a run behind."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Iterator, Sequence

from cyberbrain_cli.core.errors import AlreadyRunning, CyberbrainError, NotFound
from cyberbrain_cli.core.ports import ArtifactStore, Locks
from cyberbrain_cli.core.prune import OldRun, Pruned, Pruning, Retention

LOCK = "runs prune"
"""No directive's name has a space in it."""
_AT_ONCE = 100

log = logging.getLogger(__name__)


def plan_prune(records: Pruning, wanted: Retention) -> Pruned:
    """What would go. Changes nothing."""
    pruned = Pruned()
    for runs in _begun(records):
        pruned.add(runs)
    for part in _parts(array("q", records.candidates(wanted))):
        pruned.add(records.sized(part))
    return pruned


def prune(records: Pruning, artifacts: ArtifactStore, locks: Locks, wanted: Retention) -> Pruned:
    """Remove the runs that may go, and those that an earlier pruning began; a few at a time.

    A run is marked before its first file goes and its rows go after its last one: no record is
    ever shown whose file is gone, and no file stays that no record knows. Raises AlreadyRunning
    while another process does the same.
    """
    with locks.hold(LOCK) as free:
        if not free:
            raise AlreadyRunning("Another process is pruning.", "Wait for it to end.")
        pruned = Pruned()
        for runs in _begun(records):
            _remove(runs, records, artifacts, pruned)
        for part in _parts(array("q", records.candidates(wanted))):
            _remove(records.mark(part), records, artifacts, pruned)
        log.info("%d runs were pruned", len(pruned.run_ids))
        return pruned


def _begun(records: Pruning) -> Iterator[Sequence[OldRun]]:
    """What earlier prunings did not finish. One that cannot be finished now is met once."""
    beyond = 0
    while runs := records.marked(beyond, _AT_ONCE):
        beyond = runs[-1].id
        yield runs


def _remove(
    runs: Sequence[OldRun], records: Pruning, artifacts: ArtifactStore, pruned: Pruned
) -> None:
    empty = [run for run in runs if _without_files(run, artifacts, pruned.left)]
    records.remove([run.id for run in empty])
    pruned.add(empty)


def _without_files(run: OldRun, artifacts: ArtifactStore, left: list[str]) -> bool:
    """Remove a run's files; False, and a sentence more, where that cannot be done."""
    try:
        artifacts.discard(f"run_{run.id}")
    except CyberbrainError as error:
        if isinstance(error, NotFound) and not run.artifacts:
            return True
        left.append(f"Run {run.id} is left for the next pruning: {error.message}")
        return False
    return True


def _parts(run_ids: array[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(run_ids), _AT_ONCE):
        yield run_ids[start : start + _AT_ONCE].tolist()
