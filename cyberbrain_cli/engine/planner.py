"""What a launch will do: which jobs, in what order, on which containers, in which windows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from cyberbrain_cli.core.allowlist import Selected, decide_container, select
from cyberbrain_cli.core.directive import ContainerSelection, TaskSpec
from cyberbrain_cli.core.errors import NotFound, PolicyRefused, UsageError
from cyberbrain_cli.core.launch import LaunchRequest, PlannedContainer, PlannedJob, PlanRecord
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.records import AllowlistEntry, ContainerInfo, Cursor, PlannedWindow
from cyberbrain_cli.core.timestamps import (
    NANOSECONDS,
    from_ns,
    parse_duration,
    parse_moment,
    parse_ns,
    to_ns,
)
from cyberbrain_cli.core.worker import LogTaskParams, Target, TaskParams, Worker
from cyberbrain_cli.engine.loader import LoadedDirective

LAST_SUCCESS = "last-success"
SETTLING_NS = NANOSECONDS // 10
"""How far the end of a window stays behind the daemon's clock: a line is stamped a moment before
it is written, and one that is stamped inside the window must be there when it is read."""


@dataclass(frozen=True, slots=True)
class PlanJob:
    """A job to be run."""

    spec: TaskSpec
    worker: Worker
    params: TaskParams
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs of a launch, in an order that respects what they need."""

    loaded: LoadedDirective
    jobs: tuple[PlanJob, ...]
    refusals: Mapping[str, str]

    def record(self, request: LaunchRequest, created_ns: int) -> PlanRecord:
        """The plan as `--dry-run` prints it."""
        directive = self.loaded.directive
        return PlanRecord(
            directive=directive.name,
            directive_version=directive.version,
            created_at=from_ns(created_ns),
            labels={**directive.labels, **request.labels},
            llm="off" if request.no_llm else directive.llm.use,
            jobs=tuple(_planned(job, with_llm=not request.no_llm) for job in self.jobs),
        )


@dataclass(frozen=True, slots=True)
class World:
    """What the planner knows of the outside: taken once, so that planning is pure.

    `cursors` are those of each job, by job key and container id; `now_ns` is the daemon's clock.
    """

    inventory: Sequence[ContainerInfo]
    allowlist: Sequence[AllowlistEntry]
    cursors: Mapping[str, Mapping[str, Cursor]]
    now_ns: int


def make_plan(
    loaded: LoadedDirective, request: LaunchRequest, workers: Mapping[str, Worker], world: World
) -> Plan:
    """Plan a launch.

    Raises PolicyRefused for a container asked for by its exact name that is not allowed,
    NotFound for one that does not exist, UsageError for times that cannot be.
    """
    _check_asked_for(request.containers, world)
    specs = {task.key: task for task in loaded.directive.tasks}
    order = TopologicalSorter({key: spec.needs for key, spec in specs.items()}).static_order()
    refusals: dict[str, str] = {}
    jobs = []
    for key in order:
        spec, params = specs[key], loaded.params[key]
        worker = workers[spec.task]
        targets: tuple[Target, ...] = ()
        if worker.reads_logs and isinstance(params, LogTaskParams):
            params = _narrowed(params, request.containers)
            selected = select(params.containers, world.inventory, world.allowlist)
            refusals.update(selected.refused)
            targets = _targets(selected, params, request, world, world.cursors.get(key, {}))
        jobs.append(PlanJob(spec, worker, params, targets))
    return Plan(loaded, tuple(jobs), refusals)


def windows_of(job: PlanJob) -> tuple[PlannedWindow, ...]:
    """What the records keep of a job's targets, so that a retry reads the same."""
    return tuple(
        PlannedWindow(
            target.container.name,
            target.container.id,
            target.window.after,
            target.window.until,
            target.problem,
        )
        for target in job.targets
    )


def _check_asked_for(names: Sequence[str], world: World) -> None:
    known = {container.name for container in world.inventory}
    for name in names:
        decision = decide_container(name, world.allowlist)
        if not decision.allowed:
            raise PolicyRefused(decision.reason, f"cyberbrain allowlist add {name}")
        if name not in known:
            raise NotFound(
                f"There is no container named '{name}' on this host.", "cyberbrain containers"
            )


def _narrowed(params: LogTaskParams, names: Sequence[str]) -> LogTaskParams:
    """`--container` replaces the directive's selection: it names containers one by one."""
    if not names:
        return params
    return params.model_copy(update={"containers": ContainerSelection(names=list(names))})


def _targets(
    selected: Selected,
    params: LogTaskParams,
    request: LaunchRequest,
    world: World,
    cursors: Mapping[str, Cursor],
) -> tuple[Target, ...]:
    until = _until(request, world.now_ns)
    targets = [
        Target(
            container,
            _window(params, request, cursors.get(container.id), until, world.now_ns),
            cursors.get(container.id),
        )
        for container in selected.containers
    ]
    targets += [
        Target(
            ContainerInfo(id="", name=name, image="", state="missing"),
            Window(None, until),
            problem=f"There is no container named '{name}' on this host.",
        )
        for name in selected.missing
    ]
    return tuple(targets)


def _until(request: LaunchRequest, now_ns: int) -> int:
    latest = now_ns - SETTLING_NS
    if request.until is None:
        return latest
    return min(_moment_ns(request.until, now_ns), latest)


def _window(
    params: LogTaskParams, request: LaunchRequest, cursor: Cursor | None, until: int, now_ns: int
) -> Window:
    after: int | None
    if request.since != LAST_SUCCESS:
        after = _moment_ns(request.since, now_ns)
        if after > until:
            raise UsageError("--since is later than --until.", "Give an earlier --since.")
    elif cursor is not None:
        after = cursor.until
    elif params.initial_window == "all":
        after = None
    else:
        after = to_ns(from_ns(now_ns) - parse_duration(params.initial_window))
    return Window(after if after is None else min(after, until), until)


def _moment_ns(text: str, now_ns: int) -> int:
    """Nanoseconds of a typed time, keeping all nine decimals of one that is absolute."""
    try:
        return parse_ns(text)
    except ValueError:
        return to_ns(parse_moment(text, from_ns(now_ns)))


def _planned(job: PlanJob, *, with_llm: bool) -> PlannedJob:
    tokens_at_most = job.worker.tokens_at_most
    readable = [target for target in job.targets if target.problem is None]
    return PlannedJob(
        key=job.spec.key,
        task=job.spec.task,
        needs=tuple(job.spec.needs),
        on_failure=job.spec.on_failure,
        timeout_seconds=job.spec.timeout_seconds,
        params=job.params.model_dump(mode="json"),
        containers=tuple(
            PlannedContainer(
                name=target.container.name,
                container_id=target.container.id,
                after=target.window.after,
                until=target.window.until,
                problem=target.problem,
            )
            for target in job.targets
        ),
        estimated_tokens=(
            tokens_at_most(job.params, len(readable)) if tokens_at_most and with_llm else None
        ),
    )
