"""Removing what launches that were killed have left on the daemon."""

from __future__ import annotations

import logging
import time

from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.core.records import AuditEvent, Leftover
from cyberbrain_cli.engine.container_guard import ACTION
from cyberbrain_cli.engine.deadline import within
from cyberbrain_cli.engine.parts import Parts

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 20.0
"""How long all of it may keep a launch waiting."""


def remove_leftovers(parts: Parts) -> None:
    """Remove the containers of our runs that are over, as far as the daemon lets us in time.

    They are known by their labels: those of the same records on this host, of a run that is not
    active. The containers are listed before the runs: one that is made in between is not among
    them.
    """
    found: list[Leftover] = []
    end = time.monotonic() + DEADLINE_SECONDS
    problem = within(DEADLINE_SECONDS, lambda: found.extend(parts.runtime.leftovers(parts.owner)))
    if problem is not None:
        log.warning("containers of earlier runs were not looked for: %s", problem)
        parts.progress.note(f"Containers of earlier runs were not looked for: {problem}")
        return
    if not found:
        return
    active = {run.id for run in parts.history.active_runs()}
    for leftover in found:
        if leftover.run_id not in active:
            _remove(parts, leftover, max(0.1, end - time.monotonic()))


def _remove(parts: Parts, leftover: Leftover, seconds: float) -> None:
    name, run_id = leftover.execution, leftover.run_id
    problem = within(seconds, lambda: parts.runtime.remove(name))
    outcome = "removed" if problem is None else "left"
    reason = problem or f"left behind by run {run_id}, which is over"
    try:
        parts.journal.audit(AuditEvent(ACTION, name, outcome, reason, run_id))
    except CyberbrainError as error:
        log.warning("the removal was not audited: %s", error.message, extra={"run_id": run_id})
    gone = "was removed" if problem is None else f"cannot be removed: {problem}"
    parts.progress.note(f"Container {name}, left behind by run {run_id}, {gone}")
