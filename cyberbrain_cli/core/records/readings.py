"""Containers, and what was read of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cyberbrain_cli.core.timestamps import LogTime


@dataclass(frozen=True, slots=True)
class Gap:
    """Log time that can no longer be read: lines were rotated away before this run came."""

    after: LogTime
    until: LogTime
    seconds: float


@dataclass(frozen=True, slots=True)
class Truncation:
    """A cap that ended the reading early; the next run goes on after `read_until`."""

    reason: str
    limit: int
    read_until: LogTime


@dataclass(frozen=True, slots=True)
class ContainerReading:
    """What a job read of one container: the window (after, until] and what was in it."""

    name: str
    container_id: str
    after: LogTime | None
    until: LogTime
    lines: int = 0
    bytes: int = 0
    patterns: int = 0
    gap: Gap | None = None
    truncated: Truncation | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ContainerNetwork:
    """By what others on the host can reach a container: names, IP addresses, and its ports.

    `names` are its host name and its aliases in the `networks` that it is in. A container that
    does not run may have no address.
    """

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerInfo:
    """A container as the daemon reports it. Labels and names are hostile input.

    Restart count, exit code, OOM state, log driver and network are known only after `inspect`.
    """

    id: str
    name: str
    image: str
    state: str
    labels: dict[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    health: str | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    restart_count: int = 0
    tty: bool = False
    log_driver: str | None = None
    network: ContainerNetwork = ContainerNetwork()

    @property
    def compose_project(self) -> str | None:
        """The Compose project the container says it belongs to."""
        return self.labels.get("com.docker.compose.project")

    @property
    def compose_service(self) -> str | None:
        """The Compose service the container says it is."""
        return self.labels.get("com.docker.compose.service")

    @property
    def compose_dependencies(self) -> frozenset[str]:
        """The services of its project that Compose says the container depends on."""
        label = self.labels.get("com.docker.compose.depends_on", "")
        names = (part.partition(":")[0].strip() for part in label.split(","))
        return frozenset(name for name in names if name)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a job has read a container's log: everything up to `until` inclusive.

    `last_line` is the time of the last line read, by which a later run sees that nothing
    was rotated away in between.
    """

    container_id: str
    container: str
    until: int
    last_line: int | None = None


@dataclass(frozen=True, slots=True)
class PatternSighting:
    """A pattern seen in a container: its fingerprint and how often, never its text."""

    container: str
    fingerprint: str
    count: int
