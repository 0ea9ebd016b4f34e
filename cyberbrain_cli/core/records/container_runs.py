"""A container that is run: what is asked for, what the daemon is told, what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cyberbrain_cli.core.findings import Evidence

INPUTS = "/inputs"
"""The folder in which a container finds its inputs."""

LOG_FILES, LOG_FILE_BYTES = 20, 1_000_000
KEPT_LOG_BYTES = (LOG_FILES - 1) * LOG_FILE_BYTES
"""So much of a container's log the daemon keeps at least, before it drops what is oldest."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file for the container to read: `path` is relative, with slashes."""

    path: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutputRoom:
    """The folder of a container that is collected, and how much of it."""

    path: str
    size_bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class ContainerRequest:
    """What a worker asks to be run, and what beyond the hardened default it asks for.

    `environment` holds values, or `${NAME}` for one of the caller's variables. `user` is
    `UID:GID`. `network` None is no network. `gpus` are UUIDs. `scratch_bytes` is the size of /tmp.
    """

    image: str
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    inputs: tuple[InputFile, ...] = ()
    outputs: OutputRoom | None = None
    memory_bytes: int = 512 * 1024 * 1024
    cpus: float = 1.0
    pids: int = 128
    scratch_bytes: int = 64 * 1024 * 1024
    gpus: tuple[str, ...] = ()
    network: str | None = None
    user: str = "65534:65534"
    writable_root: bool = False
    pull: bool = False
    log_bytes: int = 1024 * 1024

    @property
    def is_root(self) -> bool:
        """Whether its user or group is root's."""
        return any(int(number) == 0 for number in self.user.split(":"))


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An image as the daemon has it. `volumes` are the folders that it declares as volumes."""

    id: str
    digest: str
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """A volume in memory: where the container has it, and how much it holds."""

    use: str
    path: str
    size_bytes: int
    files: int
    writable: bool


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What the daemon is told, with nothing left to be resolved.

    `execution` names all that belongs to it: the container itself, its volumes, its helper.
    """

    execution: str
    request: ContainerRequest
    image: ImageFacts
    environment: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str]

    @property
    def rooms(self) -> tuple[Room, ...]:
        """The volumes for inputs and outputs, as far as there are any."""
        inputs, outputs = self.request.inputs, self.request.outputs
        rooms = []
        if inputs:
            size = sum(len(item.content) + 4096 for item in inputs) + 65536
            rooms.append(Room("inputs", INPUTS, size, 4 * len(inputs) + 64, writable=False))
        if outputs:
            files = 2 * outputs.files + 64
            rooms.append(Room("outputs", outputs.path, outputs.size_bytes, files, writable=True))
        return tuple(rooms)

    def volume(self, room: Room) -> str:
        """The name of a volume."""
        return f"{self.execution}-{room.use}"

    def settings(self, unsupported: Collection[str]) -> ContainerSettings:
        """What its container must be confined by; limits that the daemon cannot set are None."""
        request = self.request
        mounts = [
            f"{self.volume(room)} {room.path} {'rw' if room.writable else 'ro'}"
            for room in self.rooms
        ]
        return ContainerSettings(
            image_id=self.image.id,
            user=request.user,
            network=request.network or "none",
            writable_root=request.writable_root,
            mounts=tuple(sorted(mounts)),
            gpus=request.gpus,
            memory_bytes=None if "memory" in unsupported else request.memory_bytes,
            cpus=None if "cpus" in unsupported else request.cpus,
            pids=None if "pids" in unsupported else request.pids,
        )


@dataclass(frozen=True, slots=True)
class ContainerSettings:
    """What confines a container, as far as it can be compared. Limits of None cannot be had.

    `extras` are Docker's names of settings that nobody asked for and that loosen something.
    """

    image_id: str
    user: str
    network: str
    writable_root: bool
    mounts: tuple[str, ...]
    gpus: tuple[str, ...]
    memory_bytes: int | None
    cpus: float | None
    pids: int | None
    privileged: bool = False
    capabilities: tuple[str, ...] = ()
    devices: int = 0
    host_namespaces: tuple[str, ...] = ()
    no_new_privileges: bool = True
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerEnd:
    """How a container ended."""

    exit_code: int
    oom_killed: bool
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Leftover:
    """What an execution left on the daemon, and the run that it belonged to."""

    execution: str
    run_id: int


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that the container wrote; `path` is relative to the folder that is collected."""

    path: str
    content: bytes = field(repr=False)

    @property
    def is_text(self) -> bool:
        """Whether it is UTF-8 text, which can be redacted."""
        try:
            self.content.decode()
        except UnicodeDecodeError:
            return False
        return b"\0" not in self.content


@dataclass(frozen=True, slots=True)
class RefusedOutput:
    """Something that the container left to be collected and that is not, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ContainerResult:
    """What came of a container.

    `stopped` says why it was ended before its time; its exit code is then our doing.
    `log` holds its first and last lines, between which `log_lines_left_out` are missing;
    `log_begins_late` when the daemon may have dropped the first, of which nobody knows the number.
    `degraded` names what the daemon could not do.
    """

    container: str
    image: str
    digest: str
    end: ContainerEnd
    stopped: str | None = None
    log: tuple[Evidence, ...] = field(default=(), repr=False)
    log_lines_left_out: int = 0
    log_begins_late: bool = False
    outputs: tuple[OutputFile, ...] = ()
    refused: tuple[RefusedOutput, ...] = ()
    degraded: tuple[str, ...] = ()
