"""What was not approved is not run, and what was made otherwise is not started."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import docker as docker_sdk
import pytest

from cyberbrain_cli.adapters.docker_runtime import DockerRuntime
from cyberbrain_cli.core.errors import CyberbrainError, PolicyRefused
from cyberbrain_cli.core.records import (
    ContainerSettings,
    ContainerSpec,
    ImageEntry,
    OutputRoom,
)
from tests.engine.containers import Boxes, said
from tests.engine.registry import Registry

MIB = 1024 * 1024
ROOM = OutputRoom("/outputs", 4 * MIB, 20)


def test_what_is_not_approved_is_refused_before_anything_is_made(boxes: Boxes) -> None:
    disabled = replace(boxes.entry(), enabled=False)
    moved = boxes.entry(digest="sha256:" + "0" * 64)
    for entries, said_ in (
        ([], "is not approved"),
        ([disabled], "disabled"),
        ([moved], f"was approved as {moved.digest} and is now {boxes.digest}"),
    ):
        with pytest.raises(PolicyRefused, match=said_):
            boxes.run("echo never", entries=entries)
    assert boxes.outcomes == ["refused"] * 3
    assert all("by somebody" in event.reason for event in boxes.events)


@pytest.mark.parametrize(
    ("loosened", "permission"),
    [
        ({"network": "bridge"}, "network"),
        ({"user": "0:0"}, "root-user"),
        ({"user": "1000:0"}, "root-user"),
        ({"writable_root": True}, "writable-root"),
        ({"pull": True}, "pull"),
        ({"gpus": ("GPU-1",)}, "gpu"),
    ],
)
def test_each_loosening_needs_its_own_permission(
    boxes: Boxes, loosened: dict[str, Any], permission: str
) -> None:
    others = {"gpu", "network", "pull", "root-user", "writable-root"} - {permission}
    with pytest.raises(PolicyRefused, match=f"does not allow: {permission}") as refused:
        boxes.run("echo never", allows=sorted(others), **loosened)
    assert f"--allow {permission}" in refused.value.hint
    assert boxes.outcomes == ["refused"]


def test_what_is_allowed_is_had(boxes: Boxes) -> None:
    allows = ("root-user", "writable-root")
    script = "touch /x && echo wrote; id -u; mknod /d c 1 3; grep CapEff /proc/self/status"
    lines = said(boxes.run(script, allows=allows, user="0:0", writable_root=True)).splitlines()
    assert {"wrote", "0", "CapEff:\t0000000000000000"} <= set(lines)
    assert any("not permitted" in line for line in lines), "root has no capabilities either"


class Forging(DockerRuntime):
    """A daemon that makes another container than it was told to."""

    def settings(self, container: str) -> ContainerSettings:
        return replace(super().settings(container), image_id="sha256:other", privileged=True)


def test_what_was_made_otherwise_is_not_started(boxes: Boxes) -> None:
    forging = Forging(boxes.url, 30)
    with pytest.raises(PolicyRefused, match="image id, privileged") as refused:
        boxes.run("echo never", runtime=forging)
    forging.close()
    assert "sha256:other" in refused.value.message
    assert boxes.outcomes == ["created", "refused", "removed"]


class Undermined(DockerRuntime):
    """A daemon that is told to let the container have what nobody asked for."""

    def __init__(self, url: str) -> None:
        super().__init__(url, 30)
        self.seen: list[ContainerSettings] = []

    def settings(self, container: str) -> ContainerSettings:
        self.seen.append(super().settings(container))
        return self.seen[-1]

    def create(self, spec: ContainerSpec) -> str:
        made = super().create(spec)
        self._api.remove_container(made)
        host = self._api.create_host_config(
            binds=["/var/run:/host"],
            cap_add=["SYS_ADMIN"],
            network_mode="host",
            pid_mode="host",
            group_add=["0"],
            restart_policy={"Name": "always"},
            security_opt=["seccomp=unconfined"],
            sysctls={"kernel.msgmax": "1"},
            device_cgroup_rules=["a *:* rwm"],
            publish_all_ports=True,
        )
        host |= {"MaskedPaths": [], "ReadonlyPaths": []}
        labels = {**spec.labels, "cyberbrain.execution": spec.execution}
        again = self._api.create_container(
            spec.image.id, "true", name=spec.execution, host_config=host, labels=labels
        )
        return str(again["Id"])


def test_what_a_container_has_is_read_back_from_the_daemon(boxes: Boxes) -> None:
    undermined = Undermined(boxes.url)
    with pytest.raises(PolicyRefused) as refused:
        boxes.run("echo never", runtime=undermined)
    undermined.close()
    for wrong in ("mounts", "capabilities", "network", "host namespaces", "user", "memory bytes",
                  "pids", "writable root", "no new privileges", "extras"):  # fmt: skip
        assert wrong in refused.value.message, wrong
    found = undermined.seen[-1].extras
    assert set(found) == {"DeviceCgroupRules", "GroupAdd", "MaskedPaths", "PublishAllPorts",
                          "ReadonlyPaths", "RestartPolicy", "Sysctls",
                          "label=disable", "seccomp=unconfined"}  # fmt: skip
    assert "image id" not in refused.value.message


class Slow(DockerRuntime):
    """A daemon that takes its time, in which an approval can be withdrawn."""

    entries: list[ImageEntry]

    def create(self, spec: ContainerSpec) -> str:
        made = super().create(spec)
        self.entries.clear()
        return made


def test_an_approval_that_is_withdrawn_meanwhile_counts_no_more(boxes: Boxes) -> None:
    slow = Slow(boxes.url, 30)
    slow.entries = [boxes.entry()]
    with pytest.raises(PolicyRefused, match="is not approved"):
        boxes.run("echo never", runtime=slow, entries=slow.entries)
    slow.close()
    assert boxes.outcomes == ["created", "refused", "removed"]


class Watched(DockerRuntime):
    """A daemon that is asked what it made of a container."""

    made: dict[str, Any]

    def settings(self, container: str) -> ContainerSettings:
        self.made = self._api.inspect_container(container)
        return super().settings(container)


def test_the_gpus_that_were_chosen_are_those_that_the_container_gets(boxes: Boxes) -> None:
    watched = Watched(boxes.url, 30)
    with pytest.raises(CyberbrainError, match="NVIDIA"):
        boxes.run("true", runtime=watched, allows=["gpu"], gpus=("GPU-1", "GPU-2"))
    watched.close()
    (request,) = watched.made["HostConfig"]["DeviceRequests"]
    assert (request["DeviceIDs"], request["Capabilities"]) == (["GPU-1", "GPU-2"], [["gpu"]])
    assert "NVIDIA_VISIBLE_DEVICES=GPU-1,GPU-2" in watched.made["Config"]["Env"]
    assert "GPUs GPU-1, GPU-2" in boxes.events[0].reason


def test_what_only_bears_our_labels_is_not_ours_to_remove(
    boxes: Boxes, docker_client: docker_sdk.DockerClient
) -> None:
    """As a container does that somebody runs of an image made of one of ours."""
    label = {"cyberbrain.owner": boxes.owner, "cyberbrain.run_id": "7"}
    label["cyberbrain.execution"] = "cyberbrain-7-box-0123abcd"
    other = docker_client.containers.create(boxes.digest, "true", labels=label)
    try:
        assert boxes.runtime.leftovers(boxes.owner) == ()
        boxes.runtime.remove("cyberbrain-7-box-0123abcd")
        other.reload()
    finally:
        other.remove()


class Limitless(DockerRuntime):
    """A daemon on a kernel without control groups."""

    def unsupported(self) -> tuple[str, ...]:
        return ("memory", "cpus", "pids")


def test_limits_that_cannot_be_had_are_told(boxes: Boxes) -> None:
    limitless = Limitless(boxes.url, 30)
    result = boxes.run("echo fine", runtime=limitless)
    limitless.close()
    assert said(result) == "fine"
    assert result.degraded == tuple(
        f"The daemon cannot limit {name}." for name in ("memory", "cpus", "pids")
    )


def test_an_image_is_fetched_by_its_approved_digest_and_by_no_tag(
    boxes: Boxes, docker_client: docker_sdk.DockerClient
) -> None:
    with Registry() as registry:
        reference = f"{registry.repository}:1"
        entry = replace(
            boxes.entry(), reference=reference, digest=registry.digest, allows=("pull",)
        )
        try:
            result = boxes.run("echo fetched", entries=[entry], image=reference, pull=True)
            assert said(result) == "fetched"
            assert result.digest == registry.digest
            assert boxes.outcomes[:2] == ["pulled", "created"]
            assert not any(path.endswith("/manifests/1") for path in registry.asked)
            asked = len(registry.asked)
            assert said(boxes.run("echo here", entries=[entry], image=reference)) == "here"
            assert len(registry.asked) == asked, "what is here is not fetched again"
            other = replace(entry, digest="sha256:" + "c" * 64)
            with pytest.raises(CyberbrainError, match=r"cannot be pulled|refused|no image"):
                boxes.run("echo never", entries=[other], image=reference, pull=True)
        finally:
            docker_client.images.remove(f"{registry.repository}@{registry.digest}", force=True)
