"""What a person is to know of a map: problems, and what changed since the last one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cyberbrain_cli.core.findings import FindingState, Severity
from cyberbrain_cli.core.records import (
    Attachment,
    Limits,
    Mount,
    PublishedPort,
)
from cyberbrain_cli.testing import FakeHost, run_worker
from cyberbrain_cli.workers.service_map import WORKER
from tests.workers.service_map_shop import (
    LIMITED,
    Json,
    change,
    map_of,
    told,
)
from tests.workers.service_map_shop import host as host


@pytest.mark.parametrize(
    ("facts", "title", "severity"),
    [
        ({"published": (PublishedPort(80, "tcp", "0.0.0.0", 80),)},
         "Published on every address of the host", Severity.WARNING),
        ({"published": (PublishedPort(80, "tcp", "::", 80),)},
         "Published on every address of the host", Severity.WARNING),
        ({"privileged": True}, "Runs privileged", Severity.WARNING),
        ({"network_mode": "host"}, "Shares the host's network namespace", Severity.WARNING),
        ({"pid_mode": "host"}, "Shares the host's pid namespace", Severity.WARNING),
        ({"mounts": (Mount("/d.sock", "docker_socket", read_only=True),)},
         "Can command the host through a mount", Severity.WARNING),
        ({"limits": Limits()}, "Has no memory limit", Severity.INFO),
        ({"image_id": "sha256:a", "image_now": "sha256:b"},
         "Runs another image than shop-web:1 means now", Severity.INFO),
        ({"state": "restarting", "restart_count": 7}, "Keeps restarting", Severity.CRITICAL),
        ({"health": "unhealthy"}, "Is unhealthy", Severity.CRITICAL),
    ],
)  # fmt: skip
def test_what_is_risky_or_broken_is_found_and_can_be_ignored(
    host: FakeHost, facts: Json, title: str, severity: Severity
) -> None:
    change(host, "shop-web", **facts)
    done = run_worker(WORKER, host)
    assert [(item.container, item.title, item.severity) for item in done.outcome.findings] == [
        ("shop-web", title, severity)
    ]
    every_rule = WORKER.params.model_json_schema()["properties"]["ignore"]["items"]["enum"]
    assert run_worker(WORKER, host, {"ignore": every_rule}).outcome.findings == ()


@pytest.mark.parametrize(
    ("target", "facts", "found"),
    [
        ("shop-app", {"state": "exited", "exit_code": 1}, True),
        ("shop-app", {"state": "paused"}, True),
        ("shop-app", {"state": "exited", "exit_code": 0}, False),
        ("shop-app", {"state": "exited", "exit_code": 0, "exposed": (8000,)}, True),
        ("shop-app", {"state": "exited", "exit_code": 0, "health": "healthy"}, True),
        ("shop-app", {"state": "exited", "exit_code": 0, "restart_policy": "always"}, True),
        ("shop-app", {"state": "exited", "exit_code": 0, "restart_policy": "on-failure"}, False),
        ("shop-db", {"state": "exited", "exit_code": 0}, True),
    ],
)
def test_to_depend_on_something_that_is_down_is_critical(
    host: FakeHost, target: str, facts: Json, found: bool
) -> None:
    """What has only to run once and ended well is not down; what others call by name is."""
    change(host, "shop-web", references=())
    change(host, target, sockets=None, **facts)
    source = {"shop-app": "shop-web", "shop-db": "shop-app"}[target]
    problems = run_worker(WORKER, host).outcome.findings
    title = f"Depends on {target}, which is {facts['state']}"
    assert [(item.container, item.title, item.severity) for item in problems] == [
        (source, title, Severity.CRITICAL)
    ] * found


def test_of_a_stranger_that_is_down_nothing_more_is_told(host: FakeHost) -> None:
    change(host, "shop-db", state="exited", exit_code=1, sockets=None)
    host.unlisted.add("shop-db")
    (found,) = run_worker(WORKER, host).outcome.findings
    assert found.severity is Severity.WARNING
    assert "shop-db" not in f"{found.title} {found.explanation} {found.suggestion}"
    assert "docker logs" not in found.suggestion


@pytest.mark.parametrize(
    ("minutes", "count", "found"), [(1, 3, True), (9, 40, True), (11, 40, False), (1, 2, False)]
)
def test_one_that_keeps_ending_is_found_while_it_runs_too(
    host: FakeHost, minutes: int, count: int, found: bool
) -> None:
    now = datetime.fromisoformat(map_of(run_worker(WORKER, host))["created_at"])
    started = now - timedelta(minutes=minutes)
    change(host, "shop-web", restart_count=count, started_at=started)
    assert told(run_worker(WORKER, host)) == (
        {("shop-web", "Keeps restarting")} if found else set()
    )


def test_a_service_that_compose_names_and_nobody_is(host: FakeHost) -> None:
    change(host, "shop-db", depends_on=("vault",))
    title = "Depends on the service vault, of which there is no container"
    assert ("shop-db", title) in told(run_worker(WORKER, host))


def test_what_changed_since_the_last_run(host: FakeHost) -> None:
    before = map_of(run_worker(WORKER, host))
    change(host, "shop-web", image_id="sha256:new0new0new0", image_now=None,
           published=(PublishedPort(80, "tcp", "127.0.0.1", 9090),))  # fmt: skip
    change(host, "shop-app", references=())
    host.serve("shop-cache", **LIMITED, attachments=(Attachment("shop", ("cache",)),))
    done = run_worker(WORKER, host, earlier={"service_map": before})
    assert told(done) == {
        ("shop-cache", "Was not here in the last run"),
        ("shop-web", "Runs another image than in the last run"),
        ("shop-web", "Other ports of the host lead to it"),
        ("shop-app", "Has to do with others than in the last run"),
    }
    changes = map_of(done)["changes"]
    assert changes["nodes_added"] == ["container:shop-cache"]
    assert changes["ports"] == [
        {"container": "container:shop-web", "added": ["127.0.0.1:9090→80"],
         "removed": ["127.0.0.1:8080→80"]}
    ]  # fmt: skip
    assert changes["edges_removed"] == [
        {"source": "container:shop-app", "target": "container:shop-db", "kind": "reference"}
    ]
    again = run_worker(
        WORKER, host, earlier={"service_map": map_of(done)}, previous=done.outcome.findings
    )
    assert again.outcome.findings == (), "a change is told once, and is not resolved afterwards"


def test_strangers_that_come_and_go_are_counted(host: FakeHost) -> None:
    host.serve("job-1")
    host.unlisted.add("job-1")
    before = map_of(run_worker(WORKER, host))
    del host.services["job-1"], host._containers["job-1"]
    for name in ("job-2", "job-3"):
        host.serve(name)
        host.unlisted.add(name)
    (found,) = run_worker(WORKER, host, earlier={"service_map": before}).outcome.findings
    assert found.explanation == "New: 2. Gone: 1."
    assert (found.container, found.severity) == (None, Severity.INFO)
    assert "job-" not in str(found)


def test_a_container_that_went_is_told(host: FakeHost) -> None:
    before = map_of(run_worker(WORKER, host))
    del host.services["shop-web"], host._containers["shop-web"]
    done = run_worker(WORKER, host, earlier={"service_map": before})
    assert told(done) == {("shop-web", "Was here in the last run and is not any more")}


def test_a_map_of_another_version_is_no_reason_to_fail(host: FakeHost) -> None:
    done = run_worker(WORKER, host, earlier={"service_map": {"schema_version": 99}})
    assert map_of(done)["changes"] is None


def test_a_problem_is_ongoing_and_then_resolved(host: FakeHost) -> None:
    change(host, "shop-web", privileged=True)
    first = run_worker(WORKER, host).outcome.findings
    second = run_worker(WORKER, host, previous=first).outcome.findings
    change(host, "shop-web", privileged=False)
    third = run_worker(WORKER, host, previous=second).outcome.findings
    states = [item.state for item in (*first, *second, *third)]
    assert states == [FindingState.NEW, FindingState.ONGOING, FindingState.RESOLVED]
