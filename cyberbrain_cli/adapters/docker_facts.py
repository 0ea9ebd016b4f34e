"""What the daemon's answers say of a container for a survey: JSON to records. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from cyberbrain_cli.core.records import (
    Attachment,
    Limits,
    Mount,
    PublishedPort,
    ServiceFacts,
)
from cyberbrain_cli.core.timestamps import from_ns, parse_ns

MOST = 64
"""Of each kind of thing that one container may tell; settings are hostile input."""

_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_PORT = re.compile(r"(\d{1,5})/(\w{1,10})")
_DAEMON_SOCKETS = ("docker.sock", "containerd.sock", "podman.sock", "crio.sock")
_SOCKET_FOLDERS = ("/run", "/var/run")
_SYSTEM = ("/boot", "/dev", "/etc", "/proc", "/root", "/run", "/sys", "/usr", "/var/lib/docker",
           "/var/run")  # fmt: skip
_SUBNETS = (("IPAddress", "IPPrefixLen"), ("GlobalIPv6Address", "GlobalIPv6PrefixLen"))
_SERVICE = "com.docker.compose.service"
_PROJECT = "com.docker.compose.project"
_DEPENDS = "com.docker.compose.depends_on"


def listed_facts(item: Mapping[str, Any], name: str) -> ServiceFacts:
    """What the list of containers tells of one."""
    labels = item.get("Labels") or {}
    networks = (item.get("NetworkSettings") or {}).get("Networks") or {}
    mode, shares = _network_mode((item.get("HostConfig") or {}).get("NetworkMode") or "")
    extra = [labels.get(_SERVICE), str(item["Id"])[:12]]
    return ServiceFacts(
        id=str(item["Id"]),
        name=name,
        state=str(item.get("State") or "unknown"),
        attachments=tuple(_attachments(networks, extra)),
        published=tuple(
            PublishedPort(
                int(port["PrivatePort"]), str(port.get("Type") or "tcp"),
                _address(port.get("IP")) or "0.0.0.0", int(port["PublicPort"]),  # noqa: S104
            )
            for port in item.get("Ports") or ()
            if port.get("PublicPort")
        ),
        network_mode=mode,
        shares_network_with=shares,
        compose_project=labels.get(_PROJECT),
        compose_service=labels.get(_SERVICE),
    )  # fmt: skip


def inspected_facts(found: Mapping[str, Any], salt: bytes) -> ServiceFacts:
    """What the inspection of one tells, without references, sockets and today's image.

    `salt` is of this survey alone; the marks of mounts are made with it.
    """
    state, config, host = found["State"], found.get("Config") or {}, found.get("HostConfig") or {}
    labels = config.get("Labels") or {}
    settings = found.get("NetworkSettings") or {}
    mode, shares = _network_mode(host.get("NetworkMode") or "")
    names = [config.get("Hostname"), labels.get(_SERVICE), str(found["Id"])[:12]]
    return ServiceFacts(
        id=str(found["Id"]),
        name=str(found["Name"]).lstrip("/"),
        listed=True,
        image=str(config.get("Image") or ""),
        image_id=str(found.get("Image") or ""),
        state=str(state["Status"]),
        health=(state.get("Health") or {}).get("Status"),
        exit_code=None if state["Running"] else state["ExitCode"],
        oom_killed=bool(state.get("OOMKilled")),
        restart_count=int(found.get("RestartCount") or 0),
        restart_policy=str((host.get("RestartPolicy") or {}).get("Name") or "no"),
        started_at=_moment(str(state.get("StartedAt") or "")),
        attachments=tuple(_attachments(settings.get("Networks") or {}, names)),
        published=tuple(_published(settings.get("Ports") or {}, host.get("PortBindings") or {})),
        exposed=tuple(sorted(_exposed(config.get("ExposedPorts") or {}))),
        mounts=tuple(_mounts(found.get("Mounts") or (), host.get("Tmpfs") or {}, salt))[:MOST],
        limits=_limits(host),
        privileged=bool(host.get("Privileged")),
        network_mode=mode,
        pid_mode="host" if host.get("PidMode") == "host" else "",
        shares_network_with=shares,
        compose_project=labels.get(_PROJECT),
        compose_service=labels.get(_SERVICE),
        depends_on=tuple(_dependencies(labels.get(_DEPENDS) or ""))[:MOST],
    )


def _network_mode(mode: str) -> tuple[str, str | None]:
    if mode in ("host", "none"):
        return mode, None
    kind, _, owner = mode.partition(":")
    return ("container", owner) if kind == "container" and owner else ("networks", None)


def _attachments(networks: Mapping[str, Any], names: Iterable[Any]) -> Iterator[Attachment]:
    common = [name for name in names if isinstance(name, str) and name]
    for network, entry in list(networks.items())[:MOST]:
        told = entry or {}
        if network in ("host", "none"):
            continue
        fixed = told.get("IPAMConfig") or {}
        aliases = [*(told.get("Aliases") or ()), *(told.get("DNSNames") or ()), *common]
        addresses = (
            told.get("IPAddress") or fixed.get("IPv4Address"),
            told.get("GlobalIPv6Address") or fixed.get("IPv6Address"),
        )
        gateways = (told.get("Gateway"), told.get("IPv6Gateway"))
        yield Attachment(
            network,
            tuple(dict.fromkeys(str(name) for name in aliases))[:MOST],
            tuple(filter(None, map(_address, addresses))),
            tuple(filter(None, map(_address, gateways))),
            tuple(filter(None, (_subnet(told, *keys) for keys in _SUBNETS))),
        )


def _subnet(told: Mapping[str, Any], address: str, length: str) -> str | None:
    """The network that an address is of."""
    try:
        return str(ip_network(f"{told[address]}/{told[length]}", strict=False))
    except (KeyError, ValueError):
        return None


def _address(text: Any) -> str | None:
    """An address in its one usual spelling."""
    try:
        return str(ip_address(str(text))) if text else None
    except ValueError:
        return None


def _published(open_now: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[PublishedPort]:
    """Ports of the host that lead here; of a container that does not run, those that would."""
    seen = set()
    told = [*open_now.items()] if any(open_now.values()) else [*wanted.items()]
    for port, places in told[:MOST]:
        match = _PORT.fullmatch(str(port))
        for place in places or ():
            number = str(place.get("HostPort") or "")
            if not match or not number.isdecimal() or not 0 < int(number) < 1 << 16:
                continue
            address = _address(place.get("HostIp")) or "0.0.0.0"  # noqa: S104 - Docker's meaning
            found = PublishedPort(int(match[1]), match[2], address, int(number))
            if found not in seen:
                seen.add(found)
                yield found


def _exposed(ports: Mapping[str, Any]) -> set[int]:
    matches = (_PORT.fullmatch(str(port)) for port in list(ports)[:MOST])
    return {int(match[1]) for match in matches if match}


def _mounts(mounts: Iterable[Any], tmpfs: Mapping[str, Any], salt: bytes) -> Iterator[Mount]:
    for item in mounts:
        sort = _source_class(item)
        source = item.get("Name") if item.get("Type") == "volume" else item.get("Source")
        mark = ""
        if source and sort != "memory":
            told = f"{item.get('Type')}:{source}".encode()
            mark = hashlib.blake2b(told, key=salt, digest_size=8).hexdigest()
        yield Mount(str(item.get("Destination")), sort, not item.get("RW", True), mark)
    for target in tmpfs:
        yield Mount(str(target), "memory", read_only=False)


def _source_class(item: Mapping[str, Any]) -> str:
    kind, source = item.get("Type"), str(item.get("Source") or "")
    if kind == "volume":
        return "anonymous_volume" if _ANONYMOUS.fullmatch(str(item.get("Name"))) else "volume"
    if kind == "tmpfs":
        return "memory"
    return _folder_class(source.rstrip("/") or "/") if kind == "bind" else "other"


def _folder_class(path: str) -> str:
    if path.endswith(_DAEMON_SOCKETS) or path in _SOCKET_FOLDERS:
        return "docker_socket"
    if path == "/":
        return "host_root"
    system = any(path == place or path.startswith(f"{place}/") for place in _SYSTEM)
    return "host_system" if system else "host_folder"


def _limits(host: Mapping[str, Any]) -> Limits:
    cpus = int(host.get("NanoCpus") or 0) / 1e9
    quota, period = int(host.get("CpuQuota") or 0), int(host.get("CpuPeriod") or 0) or 100_000
    if not cpus and quota > 0:
        cpus = quota / period
    pids = int(host.get("PidsLimit") or 0)
    return Limits(int(host.get("Memory") or 0) or None, cpus or None, pids if pids > 0 else None)


def _dependencies(label: str) -> Iterator[str]:
    names = (part.partition(":")[0].strip() for part in label.split(","))
    yield from dict.fromkeys(name for name in names if name)


def _moment(text: str) -> Any:
    """Docker writes year 1 for a time that has not come yet."""
    try:
        return None if not text or text.startswith("0001-") else from_ns(parse_ns(text))
    except ValueError:
        return None
