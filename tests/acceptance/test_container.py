"""The installed program runs containers of approved images, and leaves none behind."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker as docker_sdk
import pytest

from tests.acceptance.daemon_proxy import DaemonProxy
from tests.acceptance.support import (
    PATIENCE_SECONDS,
    Records,
    data_folder,
    document,
    embedded,
    error_of,
    finish,
    stop,
    until,
)
from tests.conftest import Cyberbrain
from tests.stack import docker as stack

Launch = Callable[..., list[str]]
STUBBORN = "trap '' TERM INT; echo begun; while :; do sleep 0.1; done"


@pytest.fixture
def name() -> str:
    """A directive's name that no other test has, on a daemon that many may use."""
    return f"boxes-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def directive(cyberbrain: Cyberbrain, docker_image: str, name: str) -> Launch:
    """Write a directive of one container that runs a script, its image approved; the launch."""

    def write(script: str, **options: Any) -> list[str]:
        assert cyberbrain("allowlist", "add", "--image", docker_image).code == 0
        task: dict[str, Any] = {"task": "container", "id": "box", "image": docker_image}
        task |= {"command": ["sh", "-c", script]} | options
        path = cyberbrain.home / "boxes.yaml"
        path.write_text(json.dumps({"name": name, "tasks": [task]}))
        return ["launch", "./boxes.yaml", "-o", "json"]

    return write


@pytest.fixture
def ours(name: str, docker_client: docker_sdk.DockerClient) -> Iterator[Callable[[], list[str]]]:
    """The names of the containers and volumes on the daemon that the directive made."""
    chosen: dict[str, Any] = {"label": f"cyberbrain.directive={name}"}

    def names() -> list[str]:
        containers = docker_client.containers.list(all=True, filters=chosen)
        volumes = docker_client.volumes.list(filters=chosen)
        return sorted(str(item.id) for item in [*containers, *volumes])

    yield names
    for container in docker_client.containers.list(all=True, filters=chosen):
        container.remove(force=True)
    for volume in docker_client.volumes.list(filters=chosen):
        volume.remove()


def started(
    cyberbrain: Cyberbrain, arguments: list[str], name: str, client: docker_sdk.DockerClient
) -> subprocess.Popen[str]:
    """A launch whose container runs and has said that it has begun."""
    process = cyberbrain.start(*arguments)
    chosen: dict[str, Any] = {"label": f"cyberbrain.directive={name}", "status": "running"}

    def begun() -> bool:
        found = client.containers.list(filters=chosen)
        return any(b"begun" in item.logs() for item in found if "keeper" not in str(item.name))

    until(begun, "the container's first line")
    return process


def audited(records: Records) -> list[str]:
    query = "SELECT outcome FROM audit_events WHERE action = 'run_container' ORDER BY id"
    return [outcome for (outcome,) in records.rows(query)]


def artifact(cyberbrain: Cyberbrain, run: int, name: str) -> str:
    return (data_folder(cyberbrain) / "artifacts" / f"run_{run}" / "box" / name).read_text()


def test_what_it_makes_is_kept_and_its_secret_nowhere(
    cyberbrain: Cyberbrain, directive: Launch, ours: Callable[[], list[str]]
) -> None:
    script = "echo the token is $TOKEN; echo $TOKEN > /outputs/token.txt; echo $TOKEN >&2; exit 4"
    launch = directive(script, env={"TOKEN": "${BOX_TOKEN}"}, outputs={}, success_codes=[4])
    unset = cyberbrain(*launch)
    assert unset.code == 2
    assert "BOX_TOKEN" in error_of(unset)["message"]
    secret = "tok3n-" + "0123456789abcdef"
    plan = cyberbrain(*launch, "--dry-run", BOX_TOKEN=secret)
    assert document(plan)["plan"]["jobs"][0]["params"]["env"] == {"TOKEN": "${BOX_TOKEN}"}
    done = cyberbrain(*launch, "--verbose", BOX_TOKEN=secret)
    assert done.code == 0, done.stderr
    assert artifact(cyberbrain, 1, "output-token.txt") == "[redacted:secret]\n"
    told = json.loads(artifact(cyberbrain, 1, "container.json"))
    assert (told["exit_code"], told["oom_killed"]) == (4, False)
    shown = cyberbrain("runs", "show", "1")
    assert "the token is [redacted:secret]" in shown.stdout
    files = [path for path in cyberbrain.home.parent.rglob("*") if path.is_file()]
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
    for text in (plan.stdout, done.stdout, done.stderr, shown.stdout, shown.stderr):
        assert secret not in text
    assert ours() == []
    records = embedded(cyberbrain)
    assert audited(records) == ["created", "started", "finished", "removed"]


def test_a_tag_that_has_moved_is_refused_with_both_digests(
    cyberbrain: Cyberbrain,
    directive: Launch,
    docker_client: docker_sdk.DockerClient,
    docker_image: str,
) -> None:
    before = docker_client.images.get(docker_image)
    made = docker_client.containers.create(before, "true")
    other = made.commit()
    made.remove()
    moves = "cyberbrain-test/moves:1"
    try:
        assert before.tag(moves)
        launch = directive("echo fine", image=moves)
        assert cyberbrain("allowlist", "add", "--image", moves).code == 0
        assert cyberbrain(*launch).code == 0
        assert other.tag(moves)
        done = cyberbrain(*launch)
        assert done.code == 5
        message = document(done)["run"]["error"]["message"]
        assert str(before.id) in message
        assert str(other.id) in message
        refused = embedded(cyberbrain).rows(
            "SELECT subject, reason FROM audit_events WHERE outcome = 'refused'"
        )
        assert [subject for subject, _ in refused] == [moves]
        assert str(other.id) in refused[0][1]
    finally:
        docker_client.images.remove(moves, force=True)


def test_one_that_fails_fails_the_run_and_keeps_its_log(
    cyberbrain: Cyberbrain, directive: Launch
) -> None:
    done = cyberbrain(*directive("echo the last words >&2; exit 3"))
    assert done.code == 1
    found = document(done)
    assert found["run"]["error"]["message"] == "The container ended with exit code 3."
    (finding,) = found["findings"]
    assert finding["evidence"][0]["line"] == "the last words"
    assert "the last words" in artifact(cyberbrain, 1, "log.txt")
    verified = cyberbrain("artifacts", "verify", "-o", "json")
    assert verified.code == 0, verified.stdout
    assert "sorry" not in done.stdout


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
        assert ours(), "the daemon could not be told"
    assert cyberbrain(*directive("echo fine")).code == 0
    assert ours() == []


def test_without_a_directive_and_done_again(cyberbrain: Cyberbrain, directive: Launch) -> None:
    directive("true")
    words = ("launch", "--task", "container", "-o", "json")
    bare = cyberbrain(*words)
    assert bare.code == 2
    assert "image" in error_of(bare)["message"]
    given = ("--param", f"image={stack.IMAGE}", "--param", 'command=["sh","-c","exit $CODE"]')
    assert cyberbrain(*words, *given, "--param", "env.CODE=5").code == 1
    unknown = cyberbrain("runs", "retry", "1", "-o", "json")
    assert unknown.code == 2
    assert "not recorded" in error_of(unknown)["message"]
    assert cyberbrain(*words, *given, "--param", "env.CODE=${EXIT}", EXIT="5").code == 1
    assert cyberbrain("runs", "retry", "2", "-o", "json", EXIT="0").code == 0


def test_the_outputs_of_one_are_the_inputs_of_the_next(
    cyberbrain: Cyberbrain, docker_image: str
) -> None:
    assert cyberbrain("allowlist", "add", "--image", docker_image).code == 0
    both = {"task": "container", "image": docker_image}
    make: dict[str, Any] = {**both, "id": "make", "outputs": {}}
    make["command"] = ["sh", "-c", "mkdir /outputs/a; echo 42 > /outputs/a/n.txt"]
    read: dict[str, Any] = {**both, "id": "box", "env": {"RC": "${RC}"}}
    read["command"] = ["sh", "-c", "cat /inputs/make/output-a__n.txt; exit $RC"]
    read["inputs"] = [{"job": "make", "kind": "output"}]
    path = cyberbrain.home / "two.yaml"
    path.write_text(json.dumps({"name": "two", "tasks": [make, read]}))
    early = cyberbrain("launch", "./two.yaml", "-o", "json", RC="0")
    assert early.code == 2
    assert "add it to its needs" in document(early)["error"]["message"]
    read["needs"] = ["make"]
    path.write_text(json.dumps({"name": "two", "tasks": [make, read]}))
    assert cyberbrain("launch", "./two.yaml", RC="1").code == 1
    assert "42" in artifact(cyberbrain, 1, "log.txt")
    assert cyberbrain("runs", "retry", "1", RC="0").code == 0, "with what was made in run 1"
    assert "42" in artifact(cyberbrain, 2, "log.txt")
