"""A Docker daemon in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cyberbrain_cli.core.errors import LogsUnreadable, NotFound
from cyberbrain_cli.core.ports import LogBatch, Window
from cyberbrain_cli.core.records import ContainerInfo, GpuUse, ServiceFacts, Survey
from cyberbrain_cli.core.timestamps import NANOSECONDS
from cyberbrain_cli.core.veil import veiled, veiled_gpu_use
from cyberbrain_cli.testing.clock import START, START_NS

LogLine = tuple[int, str, bytes]
"""Nanoseconds since the epoch, stream, text."""


def log_lines(
    text: str | bytes, *, start: int = START_NS, every: int = NANOSECONDS, stream: str = "stderr"
) -> list[LogLine]:
    """The lines of a text as log lines, one after the other at an even pace."""
    raw = text.encode() if isinstance(text, str) else text
    lines = raw.splitlines()
    return [(start + number * every, stream, line) for number, line in enumerate(lines)]


@dataclass
class FakeHost:
    """A Docker daemon in memory; implements `core.ports.ContainerHost`.

    Add containers with `add`. Lines appended to `logs[name]` are read in the order they stand;
    a name in `unreadable` has a log driver that refuses. What a survey tells of a container is
    in `services`, of the host in `host_addresses`, of who uses GPUs in `gpu_users`; a name in
    `unlisted` is not on the allowlist.
    """

    logs: dict[str, list[LogLine]] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    batch_lines: int = 1000
    now: int = START_NS + 3600 * NANOSECONDS
    services: dict[str, ServiceFacts] = field(default_factory=dict)
    host_addresses: tuple[str, ...] = ()
    unlisted: set[str] = field(default_factory=set)
    gpu_users: GpuUse = field(default_factory=lambda: GpuUse({}))
    _containers: dict[str, ContainerInfo] = field(default_factory=dict)

    def add(self, name: str, lines: Iterable[LogLine] = (), **facts: Any) -> ContainerInfo:
        """A container with a log; `facts` are fields of ContainerInfo."""
        known: dict[str, Any] = {"id": f"id-{name}", "image": f"{name}:1", "state": "running"}
        container = ContainerInfo(name=name, **(known | {"created_at": START} | facts))
        self._containers[name] = container
        self.logs[name] = list(lines)
        return container

    def containers(self) -> list[ContainerInfo]:
        """All containers that are on the allowlist, ordered by name."""
        return [self._containers[name] for name in sorted(self._containers.keys() - self.unlisted)]

    def inspect(self, container: str) -> ContainerInfo:
        """One container by name or id. Raises NotFound."""
        for known in self._containers.values():
            if container in (known.name, known.id):
                return known
        raise NotFound(f"There is no container '{container}'.")

    def now_ns(self) -> int:
        """The daemon's clock."""
        return self.now

    def read_logs(self, container: ContainerInfo, window: Window) -> Iterator[LogBatch]:
        """The lines within the window. Raises LogsUnreadable."""
        if container.name in self.unreadable:
            raise LogsUnreadable(f"The log driver of '{container.name}' cannot be read.")
        after = -1 if window.after is None else window.after
        found = [line for line in self.logs[container.name] if after < line[0] <= window.until]
        for start in range(0, len(found), self.batch_lines):
            yield batch_of(found[start : start + self.batch_lines])

    def first_log_time(self, container: ContainerInfo) -> int | None:
        """The time of the oldest line; None for an empty log."""
        return min((line[0] for line in self.logs[container.name]), default=None)

    def serve(self, name: str, **facts: Any) -> ServiceFacts:
        """A container that a survey tells of; `facts` are fields of ServiceFacts."""
        container = self.add(name)
        known: dict[str, Any] = {"image": container.image, "state": container.state} | facts
        self.services[name] = ServiceFacts(id=container.id, name=name, listed=True, **known)
        return self.services[name]

    def survey(
        self, names: Collection[str], *, connections: bool = True, name_others: bool = False
    ) -> Survey:
        """The containers of these names in full, the others veiled as a guard does it."""
        told = tuple(
            item if connections else replace(item, sockets=None, sockets_problem=None)
            for _, item in sorted(self.services.items())
        )
        allowed = set(names) - self.unlisted
        survey = Survey(told, self.host_addresses)
        return veiled(survey, allowed.__contains__, name_others=name_others)

    def gpu_use(self, pids: Collection[int], names: Collection[str]) -> GpuUse:
        """Who uses the GPUs, veiled as a guard does it."""
        owners = {pid: one for pid, one in self.gpu_users.owners.items() if pid in pids}
        claims = tuple(one for one in self.gpu_users.claims if one.container in names)
        found = replace(self.gpu_users, owners=owners, claims=claims)
        return veiled_gpu_use(found, lambda name: name not in self.unlisted)

    def resolve_image(self, reference: str) -> str:
        """A made-up digest."""
        return f"sha256:{reference}"


def batch_of(lines: Sequence[LogLine]) -> LogBatch:
    """The lines as one batch."""
    times, streams, texts = (list(column) for column in zip(*lines, strict=True))
    return LogBatch.of(times, streams, texts)
