"""From what the daemon says of a container that was made to what confines it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cyberbrain_cli.core.records import ContainerSettings

_LOOSENING = (
    "AutoRemove",
    "CgroupParent",
    "DeviceCgroupRules",
    "GroupAdd",
    "Links",
    "OomKillDisable",
    "PortBindings",
    "PublishAllPorts",
    "Sysctls",
    "VolumesFrom",
)
_HIDDEN = ("MaskedPaths", "ReadonlyPaths")
_NO_NEW_PRIVILEGES = frozenset(
    {"no-new-privileges", "no-new-privileges=true", "no-new-privileges:true"}
)


def inspected(found: Mapping[str, Any], unsupported: Collection[str]) -> ContainerSettings:
    """What confines a container, of what the daemon says of it."""
    host, config = found["HostConfig"], found["Config"]
    options = [str(item) for item in host.get("SecurityOpt") or ()]
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
        host_namespaces=tuple(_shared(found)),
        no_new_privileges=any(option in _NO_NEW_PRIVILEGES for option in options)
        and "ALL" in (host.get("CapDrop") or ()),
        extras=tuple(_extras(host, options)),
    )


def _shared(found: Mapping[str, Any]) -> Iterator[str]:
    """The namespaces that it has not for itself."""
    host = found["HostConfig"]
    for name in ("PidMode", "IpcMode", "UTSMode", "UsernsMode"):
        if str(host.get(name) or "").startswith(("host", "container:")):
            yield name
    if "host" in ((found.get("NetworkSettings") or {}).get("Networks") or {}):
        yield "NetworkMode"


def _extras(host: Mapping[str, Any], options: list[str]) -> Iterator[str]:
    """What nobody asks for: it is either not there or empty."""
    yield from (name for name in _LOOSENING if host.get(name))
    yield from (name for name in _HIDDEN if host.get(name) == [])
    yield from (option for option in options if option not in _NO_NEW_PRIVILEGES)
    if ((host.get("RestartPolicy") or {}).get("Name") or "no") != "no":
        yield "RestartPolicy"


def _mount(item: Mapping[str, Any]) -> str:
    what = item.get("Name") or item.get("Source")
    return f"{what} {item['Destination']} {'rw' if item['RW'] else 'ro'}"
