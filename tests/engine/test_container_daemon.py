"""A daemon that falls silent while a container is run keeps nobody, and is told of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker as docker_sdk
import pytest

from cyberbrain_cli.adapters.docker_host import DockerHost
from cyberbrain_cli.adapters.docker_runtime import DockerRuntime
from cyberbrain_cli.core.errors import Cancelled, DockerUnavailable, RunFailed
from cyberbrain_cli.core.records import ContainerSpec, OutputRoom
from tests.acceptance.daemon_proxy import DaemonProxy
from tests.engine.containers import Boxes, odd_image

ROOM = OutputRoom("/outputs", 1024 * 1024, 20)


@pytest.fixture
def proxy(boxes: Boxes, tmp_path: Path) -> Iterator[DaemonProxy]:
    """What stands before the daemon, and the boxes' way to it."""
    with DaemonProxy(boxes.url, tmp_path / "docker.sock") as found:
        direct, boxes.host = boxes.host, DockerHost(found.url, 30)
        yield found
        boxes.host.close()
        boxes.host = direct


def run(
    boxes: Boxes, proxy: DaemonProxy, seconds: float, script: str = "echo x"
) -> tuple[str, ...]:
    """Run a container; what degraded it."""
    runtime = DockerRuntime(proxy.url, seconds)
    try:
        return boxes.run(
            script, runtime=runtime, outputs=ROOM, cleanup_seconds=2, log_seconds=1
        ).degraded
    finally:
        runtime.close()


def test_a_log_that_never_comes_is_not_waited_for(boxes: Boxes, proxy: DaemonProxy) -> None:
    proxy.at("/logs?", 0, "hold")
    with pytest.raises(DockerUnavailable, match="was not read within 1 s"):
        run(boxes, proxy, 30)
    assert boxes.outcomes == ["created", "started", "finished", "removed"]


@pytest.mark.parametrize(
    ("needle", "skip", "outcomes"),
    [
        ("POST /v1.41/containers/create", 0, ["failed", "removed"]),
        ("/start", 1, ["created", "failed", "removed"]),
        ("/archive?", 1, ["created", "started", "finished", "removed"]),
    ],
)
def test_a_daemon_that_does_not_answer_is_told_and_what_it_made_removed(
    boxes: Boxes, proxy: DaemonProxy, needle: str, skip: int, outcomes: list[str]
) -> None:
    proxy.at(needle, 0, "hold", skip=skip)
    with pytest.raises(DockerUnavailable, match=r"does not answer|failed"):
        run(boxes, proxy, 1)
    assert proxy.reached.is_set()
    assert boxes.outcomes == outcomes


def test_a_removal_that_hangs_is_left_to_the_next_launch(boxes: Boxes, proxy: DaemonProxy) -> None:
    proxy.at("DELETE /", 0, "hold")
    (degraded,) = run(boxes, proxy, 30)
    assert "is not removed yet: The daemon did not answer within 2 s." in degraded
    assert boxes.outcomes[-1] == "left"
    (left,) = boxes.runtime.leftovers(boxes.owner)
    assert left.run_id == 7
    boxes.runtime.remove(left.execution)


def test_a_container_that_cannot_be_stopped_is_not_said_to_be(
    boxes: Boxes, proxy: DaemonProxy
) -> None:
    boxes.on("started", lambda: proxy.at("/stop?", 0, "hold"))
    boxes.on("started", lambda: boxes.stop.request(Cancelled()))
    with pytest.raises(Cancelled):
        run(boxes, proxy, 30, "sleep 60")
    assert boxes.outcomes == ["created", "started", "left", "removed"]
    assert "did not answer within 3 s" in boxes.events[2].reason


class Emptied(DockerRuntime):
    """A daemon whose image is removed between the approval and the making of the container."""

    client: docker_sdk.DockerClient

    def create(self, spec: ContainerSpec) -> str:
        self.client.images.remove(spec.request.image, force=True)
        return super().create(spec)


def test_an_image_that_is_removed_meanwhile_is_told(
    boxes: Boxes, docker_client: docker_sdk.DockerClient
) -> None:
    emptied = Emptied(boxes.url, 30)
    emptied.client = docker_client
    with (
        odd_image(docker_client, boxes, "ENV ODD=1") as entry,
        pytest.raises(RunFailed, match="No such image"),
    ):
        boxes.run("true", runtime=emptied, entries=[entry], image=entry.reference)
    emptied.close()
    assert boxes.outcomes == ["failed", "removed"]
