"""What a host tells of its containers and of who they talk to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A container's port and the address and port of the host that lead to it.

    `host_address` is `0.0.0.0` or `::` where every address of the host does.
    """

    container_port: int
    protocol: str
    host_address: str
    host_port: int


@dataclass(frozen=True, slots=True)
class Mount:
    """A place in a container where something from outside is mounted.

    `source_class` says of what sort that is: volume, anonymous_volume, host_folder, host_system,
    host_root, docker_socket, memory or other. `source_mark` tells within one survey whether two
    mounts have the same source, and nothing else of it; empty where nothing can be shared.
    """

    target: str
    source_class: str
    read_only: bool
    source_mark: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A container on a network: under which names and addresses others there find it.

    `gateways` are the host's own addresses on that network, `subnets` all that there can be.
    """

    network: str
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """Another container's name or address in a container's settings, and the port beside it.

    `place` is environment or command, `variable` the name of the environment variable. Nothing
    else of a setting is ever told.
    """

    host: str
    port: int | None
    place: str
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class TcpConnection:
    """A TCP connection as one end sees it. `closed` says that one of the ends has closed it."""

    local_address: str
    local_port: int
    remote_address: str
    remote_port: int
    closed: bool = False


@dataclass(frozen=True, slots=True)
class UnixConnections:
    """Open connections to the Unix socket of this path, which is what its server calls it."""

    path: str
    count: int


@dataclass(frozen=True, slots=True)
class Sockets:
    """What is open in a container: ports it listens on, connections, Unix sockets.

    `unix_listening` are the paths of its own Unix sockets, `unix_connections` what clients in
    its network namespace hold open, wherever the server is: there the kernel lists them.
    `connections_left_out` is how many more connections there were than anyone looks at.
    """

    listening: tuple[int, ...] = ()
    connections: tuple[TcpConnection, ...] = ()
    unix_listening: tuple[str, ...] = ()
    unix_connections: tuple[UnixConnections, ...] = ()
    connections_left_out: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """A container's limits; None where it has none."""

    memory_bytes: int | None = None
    cpus: float | None = None
    pids: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A container as a survey knows it. All texts are hostile input.

    Of one that is not `listed` nothing is known but its id, name, state and attachments, and
    behind a guard not even those as they are. `image_id` is what it runs, `image_now` what its
    image reference means today (None: nothing any more), `digest` what the image's repository
    calls it. `network_mode` is host, none, container or networks; `shares_network_with` is the
    id of the container whose network namespace it uses. `sockets` is None where they could not
    be read, and `sockets_problem` then says why, if anybody tried.
    """

    id: str
    name: str
    listed: bool = False
    image: str = ""
    image_id: str = ""
    image_now: str | None = None
    digest: str | None = None
    state: str = "unknown"
    health: str | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    restart_count: int = 0
    restart_policy: str = "no"
    started_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    published: tuple[PublishedPort, ...] = ()
    exposed: tuple[int, ...] = ()
    mounts: tuple[Mount, ...] = ()
    limits: Limits = Limits()
    privileged: bool = False
    network_mode: str = "networks"
    pid_mode: str = ""
    shares_network_with: str | None = None
    compose_project: str | None = None
    compose_service: str | None = None
    depends_on: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    sockets: Sockets | None = None
    sockets_problem: str | None = None

    @property
    def running(self) -> bool:
        """Whether it can answer anybody."""
        return self.state == "running"


@dataclass(frozen=True, slots=True)
class Survey:
    """Every container of a host at one moment, and the addresses of the host itself."""

    containers: tuple[ServiceFacts, ...] = ()
    host_addresses: tuple[str, ...] = ()
