"""A container ends with its launch, however that ends, and none is left behind."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import docker as docker_sdk
import pytest

from tests.acceptance.boxes import STUBBORN, Launch, artifact, audited, started
from tests.acceptance.daemon_proxy import DaemonProxy
from tests.acceptance.support import PATIENCE_SECONDS, document, embedded, finish, stop
from tests.acceptance.test_stopping import CANCELLED_WITHIN_SECONDS
from tests.conftest import Cyberbrain


def test_one_that_outlives_its_time_is_killed_and_keeps_its_log(
    cyberbrain: Cyberbrain, directive: Launch, ours: Callable[[], list[str]]
) -> None:
    begin = time.monotonic()
    done = cyberbrain(*directive(STUBBORN, timeout_seconds=2, outputs={}))
    assert done.code == 1
    assert time.monotonic() - begin < 15
    assert "did not end within 2 s" in document(done)["run"]["error"]["message"]
    assert "begun" in artifact(cyberbrain, 1, "log.txt")
    assert audited(embedded(cyberbrain)) == ["created", "started", "killed", "removed"]
    assert ours() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_removes_one_that_ignores_signals(
    cyberbrain: Cyberbrain,
    directive: Launch,
    ours: Callable[[], list[str]],
    docker_client: docker_sdk.DockerClient,
    name: str,
    number: int,
) -> None:
    process = started(cyberbrain, directive(STUBBORN, outputs={}), name, docker_client)
    assert ours()
    done, seconds = stop(process, number)
    assert done.code == 128 + number
    assert seconds < 8
    assert ours() == []
    assert embedded(cyberbrain).statuses() == ["cancelled"]
    assert audited(embedded(cyberbrain))[-2:] == ["killed", "removed"]


def test_runs_cancel_removes_one_that_ignores_signals(
    cyberbrain: Cyberbrain,
    directive: Launch,
    ours: Callable[[], list[str]],
    docker_client: docker_sdk.DockerClient,
    name: str,
) -> None:
    process = started(cyberbrain, directive(STUBBORN, outputs={}), name, docker_client)
    assert cyberbrain("runs", "cancel", "1").code == 0
    done = finish(process, CANCELLED_WITHIN_SECONDS)
    assert (done.code, document(done)["run"]["status"]) == (1, "cancelled")
    assert ours() == []


def test_what_a_killed_launch_left_is_removed_by_the_next_and_nothing_else(
    cyberbrain: Cyberbrain,
    directive: Launch,
    ours: Callable[[], list[str]],
    docker_client: docker_sdk.DockerClient,
    name: str,
    tmp_path: Path,
) -> None:
    launch = directive(STUBBORN, outputs={})
    process = started(cyberbrain, launch, name, docker_client)
    left = ours()
    process.kill()
    finish(process)
    assert ours() == left
    assert len(left) == 3, "the container, its helper and its volume"
    triage = ("launch", "--task", "log_triage")
    assert cyberbrain(*triage, XDG_DATA_HOME=str(tmp_path / "elsewhere")).code == 0
    assert ours() == left, "other records know nothing of them"
    again = cyberbrain(*directive("echo fine"))
    assert again.code == 0, again.stderr
    assert ours() == []
    assert "left behind by run 1" in again.stderr
    assert embedded(cyberbrain).statuses() == ["interrupted", "succeeded"]
    removed = embedded(cyberbrain).rows(
        "SELECT run_id, reason FROM audit_events WHERE reason LIKE 'left behind%'"
    )
    assert removed == [(1, "left behind by run 1, which is over")]


def test_a_daemon_that_falls_silent_keeps_nobody_from_leaving(
    cyberbrain: Cyberbrain,
    directive: Launch,
    ours: Callable[[], list[str]],
    docker_host: str,
    tmp_path: Path,
) -> None:
    launch = directive(STUBBORN)
    with DaemonProxy(docker_host, tmp_path / "silent.sock") as proxy:
        proxy.at("/wait", 0, "hold")
        process = cyberbrain.start(*launch, DOCKER_HOST=proxy.url)
        assert proxy.reached.wait(PATIENCE_SECONDS)
        proxy.at("HTTP/1.1", 0, "hold")
        done, seconds = stop(process)
        assert done.code == 130
        assert seconds < 12
        assert "Job 'box' did not stop within 3.5 s and is left behind." in done.stderr
        assert ours(), "the daemon could not be told"
    assert cyberbrain(*directive("echo fine")).code == 0
    assert ours() == []


@pytest.mark.parametrize(
    ("needle", "skip"), [("/containers/create", 1), ("/start", 1), ("/archive?", 1)]
)
def test_whatever_a_killed_launch_was_at_the_next_one_removes_what_it_left(
    cyberbrain: Cyberbrain,
    directive: Launch,
    ours: Callable[[], list[str]],
    docker_host: str,
    tmp_path: Path,
    needle: str,
    skip: int,
) -> None:
    launch = directive("echo x > /outputs/x", outputs={})
    with DaemonProxy(docker_host, tmp_path / "silent.sock") as proxy:
        proxy.at(needle, 0, "hold", skip=skip)
        process = cyberbrain.start(*launch, DOCKER_HOST=proxy.url)
        assert proxy.reached.wait(PATIENCE_SECONDS)
        process.kill()
        finish(process)
    assert ours()
    assert cyberbrain("launch", "--task", "log_triage").code == 0
    assert ours() == []
    records = embedded(cyberbrain)
    assert records.statuses() == ["interrupted", "succeeded"]
    (outcome, reason), *_ = records.rows(
        "SELECT outcome, reason FROM audit_events WHERE run_id = 1 ORDER BY id DESC"
    )
    assert (outcome, reason) == ("removed", "left behind by run 1, which is over")


def test_a_launch_beside_it_leaves_a_living_container_alone_and_cancel_ends_it(
    cyberbrain: Cyberbrain,
    directive: Launch,
    ours: Callable[[], list[str]],
    docker_client: docker_sdk.DockerClient,
    name: str,
) -> None:
    process = started(cyberbrain, directive(STUBBORN, outputs={}), name, docker_client)
    living = ours()
    beside = cyberbrain("launch", "--task", "log_triage")
    assert beside.code == 0
    assert ours() == living
    assert cyberbrain("runs", "cancel", "1").code == 0
    finish(process)
    assert ours() == []
    records = embedded(cyberbrain)
    assert records.statuses() == ["cancelled", "succeeded"]
    assert audited(records) == ["created", "started", "killed", "removed"]
