"""The log of a container that was run: its beginning and its end, within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cyberbrain_cli.core.findings import Evidence
from cyberbrain_cli.core.ports import ContainerHost, Window

_FAR_FUTURE_NS = 1 << 62
_EACH_LINE = 64


def read_log(
    host: ContainerHost, container: str, most_bytes: int, redact: Callable[[str], str]
) -> tuple[tuple[Evidence, ...], int]:
    """The first and the last lines, half of the bytes each, redacted; how many lines between."""
    first: list[Evidence] = []
    last: deque[tuple[int, Evidence]] = deque()
    room, held, left_out = most_bytes // 2, 0, 0
    for batch in host.read_logs(host.inspect(container), Window(None, _FAR_FUTURE_NS)):
        for time, stream, raw in zip(batch.times, batch.streams, batch.lines, strict=True):
            line = Evidence(time, stream, raw.decode("utf-8", "replace"))
            size = len(raw) + _EACH_LINE
            if not last and size <= room:
                first.append(line)
                room -= size
                continue
            last.append((size, line))
            held += size
            while held > most_bytes // 2 and len(last) > 1:
                held -= last.popleft()[0]
                left_out += 1
    lines = (*first, *(line for _, line in last))
    return tuple(Evidence(line.time, line.stream, redact(line.line)) for line in lines), left_out
