"""What can be asked of runs that are over: tell two apart, do one again, let old ones go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyberbrain_cli.adapters import yaml_files
from cyberbrain_cli.core.errors import NotFound
from cyberbrain_cli.core.prune import Pruned, Retention
from cyberbrain_cli.engine import diff, prune, retry
from cyberbrain_cli.engine.launch import Launcher
from cyberbrain_cli.engine.past import past_run
from cyberbrain_cli.engine.registry import discover
from cyberbrain_cli.wiring.parts import parts_of

if TYPE_CHECKING:
    from cyberbrain_cli.core.diffs import DiffDocument
    from cyberbrain_cli.core.launch import IfRunning
    from cyberbrain_cli.core.ports import Progress
    from cyberbrain_cli.wiring import Services


def diff_runs(services: Services, before: int, after: int) -> DiffDocument:
    """Two runs side by side. Raises NotFound, or CyberbrainError for one that has not ended."""
    pair = (past_run(services.reports, services.artifacts, run_id) for run_id in (before, after))
    return diff.compare(*pair)


def diff_last(services: Services, directive: str) -> DiffDocument:
    """The last two runs of a directive, each with what its retries did. Raises NotFound."""
    reports = services.reports
    ids = reports.last_ended(directive, 2)
    if len(ids) < 2:
        count = "only one run" if ids else "no run"
        raise NotFound(f"Of '{directive}' {count} has ended.", "cyberbrain runs list")
    pair = (
        past_run(reports, services.artifacts, run_id, reports.retries(directive, run_id))
        for run_id in ids
    )
    return diff.compare(*pair)


def retrier(
    services: Services,
    run_id: int,
    if_running: IfRunning,
    timeout_seconds: float | None,
    progress: Progress,
) -> Launcher:
    """A launch of what a run did not do. Raises NotFound, or CyberbrainError for nothing."""
    past, workers = services.reports.past_launch(run_id), discover()
    request = retry.retry_request(past, if_running, timeout_seconds)
    loaded = retry.load_snapshot(past, yaml_files.parse, workers)
    parts = parts_of(services, progress, workers, loaded.params.values())
    return Launcher(parts, loaded, request, past)


def prune_runs(services: Services, wanted: Retention, *, dry_run: bool) -> Pruned:
    """Let old runs go, or say which would."""
    if dry_run:
        return prune.plan_prune(services.pruning, wanted)
    return prune.prune(services.pruning, services.artifacts, services.locks, wanted)
