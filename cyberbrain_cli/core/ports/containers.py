"""The Docker daemon and its logs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from cyberbrain_cli.core.records import ContainerInfo, GpuUse, Survey


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open span of log time (after, until]; `after` None means from the beginning."""

    after: int | None
    until: int


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Consecutive whole lines of one container in the order the daemon gave them.

    The three sequences run in parallel: nanosecond times, streams (`stdout` or `stderr`) and
    the raw text without its line end. `size_bytes` is what the text measured; `earliest` and
    `latest` are the bounds of the times, 0 in a batch without lines.
    """

    times: Sequence[int]
    streams: Sequence[str]
    lines: Sequence[bytes]
    size_bytes: int
    earliest: int
    latest: int

    @classmethod
    def of(cls, times: Sequence[int], streams: Sequence[str], lines: Sequence[bytes]) -> LogBatch:
        """A batch of lines that are whole: the rest follows from them."""
        size = sum(map(len, lines))
        return cls(times, streams, lines, size, min(times, default=0), max(times, default=0))


class ContainerHost(Protocol):
    """A Docker daemon."""

    def containers(self) -> list[ContainerInfo]:
        """All containers, running or not, ordered by name."""
        ...

    def inspect(self, container: str) -> ContainerInfo:
        """One container by exact name or id, in full. Raises NotFound."""
        ...

    def now_ns(self) -> int:
        """The daemon's clock, which stamps the log lines."""
        ...

    def read_logs(self, container: ContainerInfo, window: Window) -> Iterator[LogBatch]:
        """The lines within the window. Raises LogsUnreadable if the log driver refuses."""
        ...

    def first_log_time(self, container: ContainerInfo) -> int | None:
        """The time of the oldest line that the daemon still has; None for an empty log."""
        ...

    def survey(
        self, names: Collection[str], *, connections: bool = True, name_others: bool = False
    ) -> Survey:
        """What runs here and who talks to whom, at this moment.

        The containers with these exact names are told in full, with what is open in them if
        `connections`; of all others a guard leaves but that they are there, and with
        `name_others` their names.
        """
        ...

    def gpu_use(self, pids: Collection[int], names: Collection[str]) -> GpuUse:
        """Whose processes these are, and which containers of these names were given GPUs."""
        ...

    def resolve_image(self, reference: str) -> str:
        """The digest (or image id) that a reference means today. Raises NotFound."""
        ...
