"""Doing again what a run did not do: the same directive, the same windows, only the open jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from cyberbrain_cli.core.allowlist import decide_container
from cyberbrain_cli.core.errors import CyberbrainError, UsageError
from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.launch import IfRunning, LaunchRequest
from cyberbrain_cli.core.lifecycle import ACTIVE
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.records import ContainerInfo, Cursor, PlannedWindow
from cyberbrain_cli.core.retry import PastJob, PastLaunch
from cyberbrain_cli.core.source import YamlDocument
from cyberbrain_cli.core.worker import Target, TaskParams, Worker
from cyberbrain_cli.engine.loader import LoadedDirective, load_directive
from cyberbrain_cli.engine.planner import Plan, PlanJob, World


def options_of(request: LaunchRequest) -> dict[str, Any]:
    """What a retry takes over from the command line of the launch."""
    options: dict[str, Any] = {"no_llm": True} if request.no_llm else {}
    if request.fail_on is not None:
        options["fail_on"] = request.fail_on.value
    return options


def retry_request(
    past: PastLaunch, if_running: IfRunning, timeout_seconds: float | None
) -> LaunchRequest:
    """The launch that a retry is. Raises CyberbrainError for a run that has nothing to retry."""
    if past.status in ACTIVE:
        raise CyberbrainError(
            f"Run {past.id} has not ended: it is {past.status}.",
            f"Wait for it, or stop it: cyberbrain runs cancel {past.id}",
        )
    if not past.open_jobs:
        raise CyberbrainError(
            f"Run {past.id} has nothing to retry: all of its jobs succeeded.",
            f"cyberbrain launch {past.directive}",
        )
    if any(job.windows is None for job in past.open_jobs.values()):
        raise CyberbrainError(
            f"Run {past.id} was recorded by an older version, without what a retry needs.",
            f"cyberbrain launch {past.directive}",
        )
    level = past.options.get("fail_on")
    return LaunchRequest(
        directive=past.directive,
        labels=past.labels,
        no_llm=bool(past.options.get("no_llm")),
        fail_on=Severity(level) if level else None,
        if_running=if_running,
        timeout_seconds=timeout_seconds,
    )


def load_snapshot(
    past: PastLaunch, parse: Callable[[bytes, str], YamlDocument], workers: Mapping[str, Worker]
) -> LoadedDirective:
    """The directive as the run had it, its open jobs with the options they had then.

    Raises InvalidFile or UsageError where this version would not run it any more.
    """
    name = f"snapshot of run {past.id}"
    loaded = load_directive(parse(past.text.encode(), name), workers)
    specs = {task.key: task for task in loaded.directive.tasks}
    own = {
        key: _params(workers[specs[key].task], job, past.id, loaded.params[key])
        for key, job in past.open_jobs.items()
        if key in specs
    }
    return LoadedDirective(loaded.directive, {**loaded.params, **own}, past.text)


def _params(worker: Worker, job: PastJob, run_id: int, directive: TaskParams) -> TaskParams:
    try:
        return worker.params.of_record(job.params, directive)
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise UsageError(
            f"Job '{job.key}' of run {run_id} cannot be done again: this version has another "
            f"meaning for its option '{key}'.",
            "Launch the directive anew.",
        ) from None
    except ValueError as error:
        raise UsageError(
            f"Job '{job.key}' of run {run_id} cannot be done again: {error}.", "Launch it anew."
        ) from None


def make_retry_plan(
    past: PastLaunch, loaded: LoadedDirective, workers: Mapping[str, Worker], world: World
) -> Plan:
    """The open jobs with their windows. What they needed and had succeeded counts as satisfied.

    Whether a container may be read is decided anew.
    """
    refusals: dict[str, str] = {}
    specs = {task.key: task for task in loaded.directive.tasks}
    inventory = {container.id: container for container in world.inventory}
    jobs = []
    for key, job in past.open_jobs.items():
        spec = specs[key]
        needs = [need for need in spec.needs if need in past.open_jobs]
        cursors = world.cursors.get(key, {})
        targets = []
        for window in job.windows or ():
            decision = decide_container(window.container, world.allowlist)
            if decision.allowed:
                targets.append(_target(window, inventory, cursors))
            else:
                refusals[window.container] = decision.reason
        again = spec.model_copy(update={"needs": needs})
        jobs.append(PlanJob(again, workers[spec.task], loaded.params[key], tuple(targets)))
    return Plan(loaded, tuple(jobs), refusals)


def _target(
    window: PlannedWindow, inventory: Mapping[str, ContainerInfo], cursors: Mapping[str, Cursor]
) -> Target:
    """The container of then, known by its id: another one of the same name has another log."""
    name, span = window.container, Window(window.after, window.until)
    found = inventory.get(window.container_id)
    if found is None or found.name != name:
        missing = ContainerInfo(id=window.container_id, name=name, image="", state="missing")
        problem = f"The container '{name}' of then is not on this host any more."
        return Target(missing, span, problem=problem)
    return Target(found, span, cursors.get(found.id))
