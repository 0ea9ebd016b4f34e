"""Which containers use GPUs: by their processes, and by what they were given when made."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import docker.errors

from cyberbrain_cli.adapters.docker_names import own_name
from cyberbrain_cli.adapters.process_owner import HIDDEN, containers_of, pids_are_the_hosts
from cyberbrain_cli.core.records import GpuClaim, GpuOwner, GpuUse

_PROC = Path("/proc")
_ELSEWHERE = (
    "Processes cannot be told apart: the Docker daemon is not reached by a socket of this machine, "
    "so its containers may be on another"
)
_VISIBLE = "NVIDIA_VISIBLE_DEVICES="
_NONE = frozenset({"", "void", "none"})
_MAKERS = ("nvidia.com/", "amd.com/")
_PLAIN_RUNTIMES = frozenset({"runc", "io.containerd.runc.v2", "crun"})
"""Runtimes that do not read the variable; images of CUDA set it wherever they run."""


def gpu_use(
    api: Any, pids: Collection[int], allowed: Collection[str], *, local: bool, proc: Path = _PROC
) -> GpuUse:
    """Owners of the pids, and the claims of the containers of these names.

    No other container is inspected. Raises what the SDK raises.
    """
    listed = api.containers(all=True)
    names = {str(item["Id"]): own_name(item) for item in listed}
    claims = tuple(_claims(api, listed, allowed))
    problem = None if local else _ELSEWHERE
    if problem is None and not pids_are_the_hosts(proc):
        problem = HIDDEN
    if problem is not None:
        return GpuUse({pid: GpuOwner("hidden") for pid in pids}, claims, problem)
    return GpuUse({pid: _owner(pid, names, proc) for pid in pids}, claims)


def _owner(pid: int, names: Mapping[str, str], proc: Path) -> GpuOwner:
    """The outermost container that the daemon knows: those within it are another daemon's."""
    try:
        ids = containers_of(pid, proc)
    except ProcessLookupError:
        return GpuOwner("hidden")
    if not ids:
        return GpuOwner("host")
    known = next((one for one in ids if one in names), ids[0])
    return GpuOwner("container", names.get(known), token=known)


def _claims(
    api: Any, listed: Collection[Mapping[str, Any]], allowed: Collection[str]
) -> Iterator[GpuClaim]:
    """What running containers were given."""
    for item in listed:
        if item.get("State") != "running" or own_name(item) not in allowed:
            continue
        try:
            found = api.inspect_container(item["Id"])
        except docker.errors.NotFound:
            continue
        claim = claim_of(str(found["Name"]).lstrip("/"), found)
        if claim is not None and claim.container in allowed:
            yield claim


def claim_of(name: str, found: Mapping[str, Any]) -> GpuClaim | None:
    """The GPUs that an inspected container was given: by devices, or by the runtime's variable."""
    settings = found.get("HostConfig") or {}
    asked = [one for one in settings.get("DeviceRequests") or () if _is_for_gpus(one)]
    devices = [str(one) for request in asked for one in request.get("DeviceIDs") or ()]
    counts = [int(request.get("Count") or 0) for request in asked]
    devices += ["all"] * any(count < 0 for count in counts)
    devices += _by_path(str(one.get("PathOnHost")) for one in settings.get("Devices") or ())
    count = max(counts, default=0)
    if devices or count > 0:
        return GpuClaim(name, tuple(dict.fromkeys(devices)), count if count > 0 else None)
    devices = _visible((found.get("Config") or {}).get("Env") or ())
    heeded = str(settings.get("Runtime") or "") not in _PLAIN_RUNTIMES
    return GpuClaim(name, tuple(devices), heeded=heeded) if devices else None


def _is_for_gpus(request: Mapping[str, Any]) -> bool:
    """Whether a device request is one for GPUs, by capability, driver or a name of CDI's."""
    wanted = [word for words in request.get("Capabilities") or () for word in words]
    named = any(str(one).startswith(_MAKERS) for one in request.get("DeviceIDs") or ())
    return "gpu" in wanted or request.get("Driver") in ("nvidia", "amd") or named


def _by_path(paths: Iterator[str]) -> Iterator[str]:
    """GPUs that were given as plain devices."""
    for path in paths:
        number = path.removeprefix("/dev/nvidia")
        if number != path and number.isdecimal():
            yield f"nvidia.com/gpu={number}"
        elif path == "/dev/kfd":
            yield "amd.com/gpu=all"


def _visible(environment: Collection[Any]) -> list[str]:
    for setting in environment:
        if str(setting).startswith(_VISIBLE):
            words = (one.strip() for one in str(setting).removeprefix(_VISIBLE).split(","))
            return [one for one in words if one not in _NONE]
    return []
