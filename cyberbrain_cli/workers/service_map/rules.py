"""What of a map is worth a person's attention. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.service_map import Container, Node, ServiceMap
from cyberbrain_cli.workers.service_map.dependence import is_down
from cyberbrain_cli.workers.service_map.params import Rule

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what is looked for
_SHOWN = 5
_RESTARTS, _RECENT = 3, timedelta(minutes=10)
"""Who ends again and again is seen running more often than waiting."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a rule found at a container; `about` tells two of one rule apart."""

    rule: Rule
    severity: Severity
    container: str
    title: str
    explanation: str
    suggestion: str
    about: str = ""


@dataclass(slots=True)
class Rules:
    """Judges one map. `missing` are services by node that Compose names and nobody is."""

    found: ServiceMap
    missing: dict[str, list[str]] = field(default_factory=dict)

    def problems(self) -> Iterator[Problem]:
        """Everything that the rules find."""
        nodes = {node.id: node for node in self.found.nodes}
        for node in self.found.nodes:
            if node.container is not None:
                yield from _exposure(node, node.container)
                yield from _health(node, node.container, self.found.created_at)
                yield from _settings(node, node.container)
                yield from self._dependencies(node, nodes)

    def _dependencies(self, node: Node, nodes: dict[str, Node]) -> Iterator[Problem]:
        if node.state != "running":
            return
        down: dict[str, list[str]] = {}
        for edge in self.found.edges:
            if edge.source == node.id and is_down(nodes[edge.target], edge):
                down.setdefault(edge.target, []).append(edge.evidence[0])
        for target, reasons in down.items():
            name, state = nodes[target].name, nodes[target].state
            listed = nodes[target].kind == "container"
            yield Problem(
                "depends_on_down", Severity.CRITICAL if listed else Severity.WARNING, node.name,
                f"Depends on {name}, which is {state}",
                f"That it depends on it is known from: {'; '.join(reasons)}.",
                f"Find out why {name} does not run: docker logs {name}" if listed
                else "Find out why it does not run; it is not on the allowlist.",
                name,
            )  # fmt: skip
        for service in self.missing.get(node.id, []):
            yield Problem(
                "depends_on_down", Severity.CRITICAL, node.name,
                f"Depends on the service {service}, of which there is no container",
                "Compose says that it depends on it (depends_on).",
                f"Start it: docker compose up -d {service}", service,
            )  # fmt: skip


def _exposure(node: Node, item: Container) -> Iterator[Problem]:
    ports = [str(port) for port in item.ports if port.host_address in _EVERYWHERE]
    if ports and item.state == "running":
        yield Problem(
            "published_everywhere", Severity.WARNING, node.name,
            "Published on every address of the host",
            f"{', '.join(ports[:_SHOWN])}. Docker's own rules let this past most firewalls.",
            "If only this host is to reach it, publish it on 127.0.0.1.",
        )  # fmt: skip
    if item.privileged:
        yield Problem(
            "privileged", Severity.WARNING, node.name, "Runs privileged",
            "It has every capability and all devices: whoever breaks into it has the host.",
            "Give it the single capabilities and devices that it needs (cap_add, devices).",
        )  # fmt: skip
    shared = [f"{mount.target} ({mount.source_class.replace('_', ' ')})" for mount in item.mounts
              if mount.source_class in ("docker_socket", "host_root")]  # fmt: skip
    if shared:
        yield Problem(
            "docker_socket", Severity.WARNING, node.name,
            "Can command the host through a mount",
            f"{', '.join(shared[:_SHOWN])}. Also a read-only mount of the socket takes commands.",
            "Put a proxy before the socket that lets through only what it needs.",
        )  # fmt: skip
    spaces = [name for name, mode in (("network", item.network_mode), ("pid", item.pid_mode))
              if mode == "host"]  # fmt: skip
    if spaces:
        yield Problem(
            "host_namespace", Severity.WARNING, node.name,
            f"Shares the host's {' and '.join(spaces)} namespace",
            "It sees what only the host should: its interfaces and local ports, or its processes.",
            "Leave out network_mode: host and pid: host, or say why they are needed.",
        )  # fmt: skip


def _health(node: Node, item: Container, now: datetime) -> Iterator[Problem]:
    if item.state == "restarting" or _came_back(item, now):
        waits = " and is waiting to be started again" if item.state == "restarting" else ""
        yield Problem(
            "restarting", Severity.CRITICAL, node.name, "Keeps restarting",
            f"It ended and was started again {_times(item.restart_count)}{waits}.",
            f"Find out why it ends: docker logs --tail 50 {node.name}",
        )  # fmt: skip
    if item.health == "unhealthy" and item.state == "running":
        yield Problem(
            "unhealthy", Severity.CRITICAL, node.name, "Is unhealthy",
            "Its own health check fails.",
            f"See what the check says: docker inspect -f '{{{{json .State.Health}}}}' {node.name}",
        )  # fmt: skip


def _came_back(item: Container, now: datetime) -> bool:
    """Whether it runs, but only since a moment ago and not for the first time."""
    if item.state != "running" or item.started_at is None or item.restart_count < _RESTARTS:
        return False
    return now - item.started_at < _RECENT


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _settings(node: Node, item: Container) -> Iterator[Problem]:
    if item.image_now is not None and item.image_now != item.image_id:
        yield Problem(
            "image_moved", Severity.INFO, node.name,
            f"Runs another image than {item.image} means now",
            f"It runs {_short(item.image_id)}; {item.image} is {_short(item.image_now)}.",
            "Make the container anew to bring it up to date.",
        )  # fmt: skip
    if item.memory_limit_bytes is None and item.state == "running":
        yield Problem(
            "no_memory_limit", Severity.INFO, node.name, "Has no memory limit",
            "If it leaks, the kernel ends whatever it likes on this host.",
            "Give it a limit (mem_limit, --memory).",
        )  # fmt: skip


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]
