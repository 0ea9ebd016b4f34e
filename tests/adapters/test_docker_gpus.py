"""Which containers use GPUs, of real containers and of what a daemon says of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docker
import pytest

from cyberbrain_cli.adapters.docker_gpus import claim_of, gpu_use
from cyberbrain_cli.core.records import GpuClaim, GpuOwner
from tests.conftest import RunContainer

OUTER, INNER, STRANGER, VICTIM = "a0b1" * 16, "3f1c" * 16, "77aa" * 16, "c0de" * 16


class Daemon:
    """A daemon that lists two containers and may not be asked more."""

    def containers(self, **_: Any) -> list[dict[str, Any]]:
        names = {OUTER: "/outer", VICTIM: "/victim"}
        return [{"Id": one, "Names": [name], "State": "running"} for one, name in names.items()]


def machine(proc: Path, **groups: str) -> Path:
    (proc / "self" / "ns").mkdir(parents=True)
    (proc / "self" / "ns" / "pid").symlink_to("pid:[4026531836]")
    for pid, group in groups.items():
        (proc / pid[1:]).mkdir()
        (proc / pid[1:] / "cgroup").write_text(f"0::{group}\n")
    return proc


def test_the_outermost_container_that_the_daemon_knows_is_the_owner(tmp_path: Path) -> None:
    proc = machine(
        tmp_path,
        p1=f"/docker/{OUTER}/docker/{INNER}",
        p2=f"/docker/{OUTER}/docker-{VICTIM}.scope",
        p3=f"/docker/{STRANGER}",
        p4="/init.scope",
    )
    found = gpu_use(Daemon(), [1, 2, 3, 4, 5], (), local=True, proc=proc)
    assert found.owners == {
        1: GpuOwner("container", "outer", token=OUTER),
        2: GpuOwner("container", "outer", token=OUTER),
        3: GpuOwner("container", None, token=STRANGER),
        4: GpuOwner("host"),
        5: GpuOwner("hidden"),
    }
    assert found.problem is None


def test_elsewhere_and_in_a_pid_namespace_nobody_can_be_told(tmp_path: Path) -> None:
    proc = machine(tmp_path, p1=f"/docker/{OUTER}")
    away = gpu_use(Daemon(), [1], (), local=False, proc=proc)
    assert away.owners == {1: GpuOwner("hidden")}
    assert "may be on another" in str(away.problem)
    link = proc / "self" / "ns" / "pid"
    link.unlink()
    link.symlink_to("pid:[4026532741]")
    assert "pid namespace" in str(gpu_use(Daemon(), [1], (), local=True, proc=proc).problem)


def request(**keys: Any) -> dict[str, Any]:
    return {"HostConfig": {"DeviceRequests": [{"Capabilities": [["gpu"]], **keys}]}}


def variable(value: str, runtime: str = "nvidia") -> dict[str, Any]:
    environment = ["PATH=/bin", f"NVIDIA_VISIBLE_DEVICES={value}"]
    return {"HostConfig": {"Runtime": runtime}, "Config": {"Env": environment}}


@pytest.mark.parametrize(
    ("inspected", "claim"),
    [
        (request(Count=-1), GpuClaim("x", ("all",))),
        (request(Count=2), GpuClaim("x", (), 2)),
        (request(DeviceIDs=["0", "GPU-1f0c"]), GpuClaim("x", ("0", "GPU-1f0c"))),
        (request(Driver="cdi", Capabilities=None, DeviceIDs=["nvidia.com/gpu=1:0"]),
         GpuClaim("x", ("nvidia.com/gpu=1:0",))),
        (request(Capabilities=[["tpu"]], Count=-1), None),
        ({"HostConfig": {"Devices": [{"PathOnHost": "/dev/nvidia3"}, {"PathOnHost": "/dev/null"}]}},
         GpuClaim("x", ("nvidia.com/gpu=3",))),
        ({"HostConfig": {"Devices": [{"PathOnHost": "/dev/kfd"}]}},
         GpuClaim("x", ("amd.com/gpu=all",))),
        (variable("all"), GpuClaim("x", ("all",))),
        (variable("0, MIG-1f"), GpuClaim("x", ("0", "MIG-1f"))),
        (variable("0:1", runtime="runc"), GpuClaim("x", ("0:1",), heeded=False)),
        (variable("void"), None),
        (variable("none"), None),
        (variable(""), None),
        ({**variable("all"), **request(DeviceIDs=["1"])}, GpuClaim("x", ("1",))),
        ({"HostConfig": None, "Config": None}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_what_a_container_was_given(inspected: dict[str, Any], claim: GpuClaim | None) -> None:
    assert claim_of("x", inspected) == claim


def test_real_containers_claims_are_read_and_no_others(
    docker_host: str, run_container: RunContainer
) -> None:
    environment = ["NVIDIA_VISIBLE_DEVICES=1"]
    asked = run_container("sleep 300", wait=False, environment=environment)
    run_container("sleep 300", wait=False, environment=environment)
    client = docker.APIClient(docker_host)
    found = gpu_use(client, (), [asked], local=True)
    assert found.claims == (GpuClaim(asked, ("1",), heeded=False),)
