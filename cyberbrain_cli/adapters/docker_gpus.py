"""Which containers use GPUs: by their processes, and by what they were given when made."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import docker.errors

from cyberbrain_cli.adapters.docker_names import own_name
from cyberbrain_cli.adapters.process_owner import HIDDEN, container_of, pids_are_the_hosts
from cyberbrain_cli.core.records import GpuClaim, GpuOwner, GpuUse

_PROC = Path("/proc")
_ELSEWHERE = "Processes cannot be told apart: the Docker daemon is not on this machine"
_VISIBLE = "NVIDIA_VISIBLE_DEVICES="
_NONE = frozenset({"", "void", "none"})


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
    try:
        container = container_of(pid, proc)
    except ProcessLookupError:
        return GpuOwner("hidden")
    if container is None:
        return GpuOwner("host")
    name = names.get(container)
    return GpuOwner("container", name, token=container)


def _claims(
    api: Any, listed: Collection[Mapping[str, Any]], allowed: Collection[str]
) -> Iterator[GpuClaim]:
    """What running containers were given, by device requests or by the runtime's variable."""
    for item in listed:
        if item.get("State") != "running" or own_name(item) not in allowed:
            continue
        try:
            found = api.inspect_container(item["Id"])
        except docker.errors.NotFound:
            continue
        claim = _claim(str(found["Name"]).lstrip("/"), found)
        if claim is not None and claim.container in allowed:
            yield claim


def _claim(name: str, found: Mapping[str, Any]) -> GpuClaim | None:
    for request in (found.get("HostConfig") or {}).get("DeviceRequests") or ():
        wanted = [word for words in request.get("Capabilities") or () for word in words]
        if "gpu" in wanted or request.get("Driver") == "nvidia":
            devices = tuple(str(one) for one in request.get("DeviceIDs") or ())
            count = int(request.get("Count") or 0)
            return GpuClaim(name, devices or (("all",) if count < 0 else ()), max(0, count) or None)
    for setting in (found.get("Config") or {}).get("Env") or ():
        if str(setting).startswith(_VISIBLE):
            devices = tuple(
                one for one in str(setting).removeprefix(_VISIBLE).split(",") if one not in _NONE
            )
            return GpuClaim(name, devices) if devices else None
    return None
