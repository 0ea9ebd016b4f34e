"""From a container's specification to what the SDK is given, and back from what it inspects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from docker.types import DeviceRequest, Healthcheck, LogConfig, Mount

from cyberbrain_cli.adapters.docker_names import own_name
from cyberbrain_cli.core.records import (
    LOG_FILE_BYTES,
    LOG_FILES,
    ContainerSpec,
    Room,
)

EXECUTION = "cyberbrain.execution"
KEEPER = "/cyberbrain-keeper"
_USES = ("keeper", "inputs", "outputs")
_NO_GPU = {"NVIDIA_VISIBLE_DEVICES": "void", "AMD_VISIBLE_DEVICES": "none"}
_HELPER_MEMORY = 32 * 1024 * 1024
_HELPER_PIDS = 32


def keeper_name(spec: ContainerSpec) -> str:
    """The name of the container that keeps an execution's volumes alive."""
    return f"{spec.execution}-keeper"


def volume_options(room: Room) -> dict[str, str]:
    """A volume in memory, of a size, on which nothing can be run and no device is one."""
    options = f"size={room.size_bytes},nr_inodes={room.files},mode=1777,nosuid,nodev,noexec"
    return {"type": "tmpfs", "device": "tmpfs", "o": options}


def job_arguments(spec: ContainerSpec) -> dict[str, Any]:
    """What creates the container itself.

    A GPU maker's runtime, where it is the daemon's default one, gives GPUs to every container with
    its variable, which images set to `all`: so the variables are always set here.
    """
    request = spec.request
    return {
        "image": spec.image.id,
        "name": spec.execution,
        "command": list(request.command) if request.command is not None else None,
        "entrypoint": list(request.entrypoint) if request.entrypoint is not None else None,
        "environment": {**spec.environment, **_NO_GPU, **_some_gpus(request.gpus)},
        "user": request.user,
        "labels": labels(spec),
        "stop_signal": "SIGTERM",
        "healthcheck": Healthcheck(test=["NONE"]),
    }


def _some_gpus(gpus: tuple[str, ...]) -> dict[str, str]:
    return {"NVIDIA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {}


def keeper_arguments(spec: ContainerSpec) -> dict[str, Any]:
    """What creates the container that keeps the volumes alive: nothing of the image is run."""
    return {
        "image": spec.image.id,
        "name": keeper_name(spec),
        "command": [],
        "entrypoint": [KEEPER],
        "environment": dict(_NO_GPU),
        "user": "65534:65534",
        "labels": labels(spec),
        "healthcheck": Healthcheck(test=["NONE"]),
    }


def owned(item: Mapping[str, Any], execution: str) -> bool:
    """Whether a listed container or volume is an execution's, by the name that was given to it.

    An image made of one of our containers has its labels, and so has whatever is run of it.
    """
    name = str(item["Name"]) if "Name" in item else own_name(item)
    nameless = "Name" not in item and not item.get("Names")
    return nameless or name in (execution, *(f"{execution}-{use}" for use in _USES))


def labels(spec: ContainerSpec) -> dict[str, str]:
    """What everything of an execution bears."""
    return {**spec.labels, EXECUTION: spec.execution}


def confined(spec: ContainerSpec) -> dict[str, Any]:
    """The host's side of the container."""
    request = spec.request
    gpus = [DeviceRequest(device_ids=list(request.gpus), capabilities=[["gpu"]])]
    return _hardened(spec, inputs_writable=False) | {
        "network_mode": request.network or "none",
        "read_only": not request.writable_root,
        "mem_limit": request.memory_bytes,
        "memswap_limit": request.memory_bytes,
        "nano_cpus": round(request.cpus * 1_000_000_000),
        "pids_limit": request.pids,
        "device_requests": gpus if request.gpus else None,
        "tmpfs": _scratch(spec),
        "log_config": LogConfig(
            type="json-file",
            config={"max-size": str(LOG_FILE_BYTES), "max-file": str(LOG_FILES)},
        ),
    }


_LIMITS = {
    "memory": ("mem_limit", "memswap_limit"),
    "cpus": ("nano_cpus",),
    "pids": ("pids_limit",),
}


def settable(host: Mapping[str, Any], unsupported: Collection[str]) -> dict[str, Any]:
    """The host's side without the limits that the daemon cannot set, which it might refuse."""
    left_out = {key for limit in unsupported for key in _LIMITS[limit]}
    return {key: value for key, value in host.items() if key not in left_out}


def keeper_confined(spec: ContainerSpec) -> dict[str, Any]:
    """The host's side of the container that keeps the volumes alive."""
    taken = {room.path for room in spec.rooms}
    covered = {folder: "size=4k" for folder in spec.image.volumes if folder not in taken}
    return _hardened(spec, inputs_writable=True) | {
        "network_mode": "none",
        "mem_limit": _HELPER_MEMORY,
        "pids_limit": _HELPER_PIDS,
        "tmpfs": covered,
        "log_config": LogConfig(type="none", config={}),
    }


def _hardened(spec: ContainerSpec, *, inputs_writable: bool) -> dict[str, Any]:
    mounts = [
        Mount(
            room.path,
            spec.volume(room),
            type="volume",
            read_only=not (room.writable or inputs_writable),
            no_copy=True,
        )
        for room in spec.rooms
    ]
    return {
        "mounts": mounts,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "ipc_mode": "private",
        "init": False,
    }


def _scratch(spec: ContainerSpec) -> dict[str, str]:
    """Folders in memory: /tmp, and in place of the volumes on disk that the image declares."""
    options = f"size={spec.request.scratch_bytes},mode=1777,nosuid,nodev"
    taken = {room.path for room in spec.rooms}
    folders = ("/tmp", *spec.image.volumes)  # noqa: S108 - within the container
    return {folder: options for folder in folders if folder not in taken}
