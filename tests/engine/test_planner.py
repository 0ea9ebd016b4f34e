"""Plans: which containers, which windows, in which order, and what is refused before anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from cyberbrain_cli.core.directive import Directive
from cyberbrain_cli.core.errors import NotFound, PolicyRefused, UsageError
from cyberbrain_cli.core.launch import LaunchRequest
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.records import AllowlistEntry, ContainerInfo, Cursor
from cyberbrain_cli.core.timestamps import parse_ns
from cyberbrain_cli.core.worker import LogTaskParams, Outcome, Worker
from cyberbrain_cli.engine.loader import LoadedDirective, ad_hoc
from cyberbrain_cli.engine.planner import SETTLING_NS, Plan, World, make_plan

NOW = parse_ns("2026-11-23T03:00:00.000000500Z")
HOUR = 3_600_000_000_000
DB = ContainerInfo("1", "shop-db", "postgres", "running")
APP = ContainerInfo("2", "shop-app", "app", "running")


def do_nothing(params: Any, context: Any) -> Outcome:
    return Outcome()


WORKERS: Mapping[str, Worker] = {
    "read": Worker("read", "reads", LogTaskParams, do_nothing, reads_logs=True, uses_llm=True)
}


def world(cursors: Mapping[str, Mapping[str, Cursor]] | None = None) -> World:
    allowed = [
        AllowlistEntry(name, True, "", datetime(2026, 1, 1, tzinfo=UTC))
        for name in ("shop-db", "gone")
    ]
    return World([APP, DB], allowed, cursors or {}, NOW)


def plan(request: LaunchRequest, at: World | None = None) -> Plan:
    loaded = ad_hoc(["read"], request.params, WORKERS)
    return make_plan(loaded, request, WORKERS, at or world())


def window(request: LaunchRequest, at: World | None = None) -> Window:
    return plan(request, at).jobs[0].targets[0].window


def test_a_container_never_read_before_is_read_one_day_back() -> None:
    assert window(LaunchRequest()).after == (NOW - 24 * HOUR) // 1000 * 1000
    assert window(LaunchRequest(params={"initial_window": "all"})).after is None


def test_the_next_window_begins_exactly_where_the_last_ended() -> None:
    cursors = {"read": {DB.id: Cursor(DB.id, DB.name, NOW - 12345, None)}}
    assert window(LaunchRequest(), world(cursors)) == Window(NOW - SETTLING_NS, NOW - SETTLING_NS)
    cursors = {"read": {DB.id: Cursor(DB.id, DB.name, NOW - HOUR - 1, None)}}
    assert window(LaunchRequest(), world(cursors)) == Window(NOW - HOUR - 1, NOW - SETTLING_NS)


def test_typed_times_keep_their_nanoseconds() -> None:
    request = LaunchRequest(since="2026-11-23T01:00:00.123456789Z", until="2026-11-23T02:00:00Z")
    assert window(request) == Window(
        parse_ns("2026-11-23T01:00:00.123456789Z"), parse_ns("2026-11-23T02:00:00Z")
    )


def test_a_window_never_reaches_into_what_may_still_be_written() -> None:
    assert window(LaunchRequest(until="2027-01-01")).until == NOW - SETTLING_NS


def test_since_after_until_is_refused() -> None:
    with pytest.raises(UsageError, match="later than --until"):
        plan(LaunchRequest(since="1h", until="2h"))


def test_only_allowed_containers_are_targets() -> None:
    names = [target.container.name for target in plan(LaunchRequest()).jobs[0].targets]
    assert names == ["shop-db"]


def test_asking_for_a_container_that_is_not_allowed_is_refused_with_the_way_to_allow_it() -> None:
    with pytest.raises(PolicyRefused) as refused:
        plan(LaunchRequest(containers=("shop-app",)))
    assert refused.value.hint == "cyberbrain allowlist add shop-app"


def test_asking_for_a_container_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(NotFound, match="'gone'"):
        plan(LaunchRequest(containers=("gone",)))


def directive(*tasks: dict[str, Any]) -> LoadedDirective:
    model = Directive.model_validate({"name": "d", "tasks": list(tasks)})
    return LoadedDirective(model, {task.key: LogTaskParams() for task in model.tasks}, "")


def test_jobs_come_after_what_they_need() -> None:
    loaded = directive(
        {"task": "read", "id": "last", "needs": ["middle"]},
        {"task": "read", "id": "middle", "needs": ["first"]},
        {"task": "read", "id": "first"},
    )
    made = make_plan(loaded, LaunchRequest(), WORKERS, world())
    assert [job.spec.key for job in made.jobs] == ["first", "middle", "last"]


def test_a_directive_that_names_what_is_not_allowed_goes_on_without_it() -> None:
    params = LogTaskParams.model_validate(
        {"containers": {"names": ["shop-app", "gone", "shop-db"]}}
    )
    loaded = LoadedDirective(directive({"task": "read"}).directive, {"read": params}, "")
    made = make_plan(loaded, LaunchRequest(), WORKERS, world())
    assert made.refusals == {"shop-app": "'shop-app' is not on the allowlist."}
    problems = {target.container.name: target.problem for target in made.jobs[0].targets}
    assert problems["shop-db"] is None
    assert "no container named 'gone'" in (problems["gone"] or "")
