"""The fixtures of the tests that run containers: a directive, and what it leaves on the daemon."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import docker as docker_sdk
import pytest

from tests.acceptance.support import Records, data_folder, until
from tests.conftest import Cyberbrain

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
