"""What can be asked of runs that are there: stop one, and check what they wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.core.lifecycle import ACTIVE
from cyberbrain_cli.core.ports import ArtifactStore, History, Journal, Locks
from cyberbrain_cli.core.records import ArtifactCheck, ArtifactEntry
from cyberbrain_cli.engine.recovery import discard_unfinished


def cancel_run(
    history: History, journal: Journal, locks: Locks, artifacts: ArtifactStore, run_id: int
) -> bool:
    """Ask a run to stop; False when its process was gone already and it is interrupted now.

    Raises NotFound for no such run, CyberbrainError for one that has ended.
    """
    run = history.run(run_id)
    if run.status not in ACTIVE:
        raise CyberbrainError(f"Run {run_id} has ended already: {run.status}.")
    alive = next((active for active in history.active_runs() if active.id == run_id), None)
    if alive is None:
        raise CyberbrainError(f"Run {run_id} has just ended.")
    with locks.hold(alive.lock_name) as free:
        if free:
            journal.interrupt_run(run_id)
            discard_unfinished(history, artifacts, run_id)
            return False
    journal.request_cancel(run_id)
    return True


def verify_artifacts(
    entries: Sequence[ArtifactEntry], check: Callable[[str, str, int], str]
) -> list[ArtifactCheck]:
    """Hold each recorded artifact against its file. `check` takes path, SHA-256 and size."""
    return [
        ArtifactCheck(
            entry.id, entry.run_id, entry.path, check(entry.path, entry.sha256, entry.size_bytes)
        )
        for entry in entries
    ]
