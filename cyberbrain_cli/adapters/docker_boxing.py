"""From a container's specification to what the SDK is given, and back from what it inspects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from docker.types import DeviceRequest, Healthcheck, LogConfig, Mount

from cyberbrain_cli.core.records import ContainerSettings, ContainerSpec, Room

EXECUTION = "cyberbrain.execution"
KEEPER = "/cyberbrain-keeper"
_KEPT_LOG = "10m"
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
    """What creates the container itself."""
    request = spec.request
    return {
        "image": spec.image.id,
        "name": spec.execution,
        "command": list(request.command) if request.command is not None else None,
        "entrypoint": list(request.entrypoint) if request.entrypoint is not None else None,
        "environment": dict(spec.environment),
        "user": request.user,
        "labels": labels(spec),
        "stop_signal": "SIGTERM",
        "healthcheck": Healthcheck(test=["NONE"]),
    }


def keeper_arguments(spec: ContainerSpec) -> dict[str, Any]:
    """What creates the container that keeps the volumes alive: nothing of the image is run."""
    return {
        "image": spec.image.id,
        "name": keeper_name(spec),
        "command": [],
        "entrypoint": [KEEPER],
        "user": "65534:65534",
        "labels": labels(spec),
        "healthcheck": Healthcheck(test=["NONE"]),
    }


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
        "log_config": LogConfig(type="json-file", config={"max-size": _KEPT_LOG, "max-file": "2"}),
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


def inspected(found: Mapping[str, Any], unsupported: Collection[str]) -> ContainerSettings:
    """What confines a container, of what the daemon says of it."""
    host, config = found["HostConfig"], found["Config"]
    shared = [
        name
        for name in ("PidMode", "IpcMode", "UTSMode", "UsernsMode")
        if str(host.get(name) or "").startswith(("host", "container:"))
    ]
    unconfined = [item for item in host.get("SecurityOpt") or () if "unconfined" in item]
    return ContainerSettings(
        image_id=found["Image"],
        user=config["User"],
        network=host["NetworkMode"],
        writable_root=not host["ReadonlyRootfs"],
        mounts=tuple(sorted(_mount(item) for item in found["Mounts"] if item["Type"] != "tmpfs")),
        gpus=tuple(
            device
            for item in host.get("DeviceRequests") or ()
            for device in item.get("DeviceIDs") or ("all",)
        ),
        memory_bytes=None if "memory" in unsupported else host["Memory"],
        cpus=None if "cpus" in unsupported else host["NanoCpus"] / 1_000_000_000,
        pids=None if "pids" in unsupported else host["PidsLimit"],
        privileged=bool(host["Privileged"]),
        capabilities=tuple(host.get("CapAdd") or ()),
        devices=len(host.get("Devices") or ()),
        host_namespaces=(*shared, *unconfined),
        no_new_privileges="no-new-privileges" in (host.get("SecurityOpt") or ())
        and "ALL" in (host.get("CapDrop") or ()),
    )


def _mount(item: Mapping[str, Any]) -> str:
    what = item.get("Name") or item.get("Source")
    return f"{what} {item['Destination']} {'rw' if item['RW'] else 'ro'}"
