"""The map: the document `service_map.json`, whose schema is published and stable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SCHEMA_VERSION = 1
KIND = "service_map"
"""The kind of the artifact."""

HOST = "host"
OUTSIDE = "outside"
NodeKind = Literal["container", "unlisted", "host", "outside"]
EdgeKind = Literal[
    "depends_on", "reference", "connection", "unix_socket", "network", "namespace", "volume"
]
UNDIRECTED: frozenset[EdgeKind] = frozenset({"network", "volume"})
"""Kinds of edges that have no direction; of these `source` is the lesser id."""
SEEN: frozenset[EdgeKind] = frozenset({"connection", "unix_socket"})
"""Kinds of edges that come and go with what happens to be open at the moment."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the host that leads to a port of the container."""

    host_address: str
    host_port: int
    container_port: int
    protocol: str

    def __str__(self) -> str:
        address = f"[{self.host_address}]" if ":" in self.host_address else self.host_address
        protocol = "" if self.protocol == "tcp" else f"/{self.protocol}"
        return f"{address}:{self.host_port}→{self.container_port}{protocol}"


@dataclass(frozen=True, slots=True)
class MountPoint:
    """Where in the container something is mounted, and of what sort it is; never from where."""

    target: str
    source_class: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Container:
    """What is known of an allowlisted container. A limit that is not set is null.

    `image_id` is what it runs, `image_now` what its image reference means today (null: nothing),
    `digest` the repository's name for what it runs (null for an image that was built here).
    `connections_read` says whether its sockets were looked at.
    """

    image: str
    image_id: str
    image_now: str | None
    digest: str | None
    state: str
    health: str | None
    exit_code: int | None
    restart_count: int
    started_at: datetime | None
    ports: tuple[Port, ...]
    networks: tuple[str, ...]
    network_mode: str
    pid_mode: str
    privileged: bool
    mounts: tuple[MountPoint, ...]
    compose_project: str | None
    compose_service: str | None
    memory_limit_bytes: int | None
    cpu_limit: float | None
    pids_limit: int | None
    connections_read: bool
    restart_policy: str = "no"
    exposed_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A container, the host, or somebody outside.

    Of an `unlisted` container, which is not on the allowlist, there is but the state, and the
    name if the directive asks for it; else `name` is made of the id.
    """

    id: str
    kind: NodeKind
    name: str
    state: str | None = None
    container: Container | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """How two nodes have to do with each other, and how that is known.

    `ports` are those of the target. `connections` counts what is open, or was a moment ago; it
    is null for kinds of edges that were not seen but declared.
    """

    source: str
    target: str
    kind: EdgeKind
    evidence: tuple[str, ...]
    ports: tuple[int, ...] = ()
    connections: int | None = None


@dataclass(frozen=True, slots=True)
class ImageChange:
    """A container that runs another image than before; the ids of both."""

    container: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PortChange:
    """Ports of the host that lead to a container since, or do so no more."""

    container: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EdgeName:
    """An edge without its evidence."""

    source: str
    target: str
    kind: EdgeKind


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different in one map from another. Nodes are named by their ids.

    Connections that are seen in one and not in the other are left out where the other did not
    look.
    """

    nodes_added: tuple[str, ...] = ()
    nodes_removed: tuple[str, ...] = ()
    edges_added: tuple[EdgeName, ...] = ()
    edges_removed: tuple[EdgeName, ...] = ()
    images: tuple[ImageChange, ...] = ()
    ports: tuple[PortChange, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class ServiceMap:
    """The document. `changes` is null when there is no earlier map to compare with."""

    schema_version: int
    created_at: datetime
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = ()
    changes: Changes | None = None
