"""The log of a container that was run: its beginning and its end, within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from cyberbrain_cli.core.findings import Evidence
from cyberbrain_cli.core.ports import ContainerHost, Window
from cyberbrain_cli.core.records import KEPT_LOG_BYTES

_FAR_FUTURE_NS = 1 << 62
_EACH_LINE = 64
_EACH_ENTRY = len('{"log":"\\n","stream":"stdout","time":"2026-01-01T00:00:00.000000000Z"}\n')
_PLAIN = bytes(code for code in range(32, 256) if code not in b'"\\\\<>&')
_ESCAPED = len("\\u003c") - 1


@dataclass(frozen=True, slots=True)
class ReadLog:
    """The first and the last lines, redacted; how many are left out between them.

    `begins_late`: the container wrote about as much as the daemon keeps, or more, and the daemon
    drops what is oldest.
    """

    lines: tuple[Evidence, ...]
    left_out: int
    begins_late: bool


def read_log(
    host: ContainerHost,
    container: str,
    most_bytes: int,
    redact: Callable[[str], str],
    check: Callable[[], None],
) -> ReadLog:
    """Read it, half of the bytes for each end. `check` is called now and then, to break off."""
    first: list[Evidence] = []
    last: deque[tuple[int, Evidence]] = deque()
    room, held, left_out, on_disk = most_bytes // 2, 0, 0, 0
    for batch in host.read_logs(host.inspect(container), Window(None, _FAR_FUTURE_NS)):
        check()
        for time, stream, raw in zip(batch.times, batch.streams, batch.lines, strict=True):
            line = Evidence(time, stream, raw.decode("utf-8", "replace"))
            size = len(raw) + _EACH_LINE
            on_disk += _entry_bytes(raw)
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
    redacted = tuple(Evidence(line.time, line.stream, redact(line.line)) for line in lines)
    return ReadLog(redacted, left_out, begins_late=on_disk > KEPT_LOG_BYTES)


def _entry_bytes(raw: bytes) -> int:
    """What a line takes in the daemon's file, at most: JSON, with signs that need an escape.

    The daemon makes an entry of each 16 KiB.
    """
    entries = 1 + len(raw) // 16_384
    return len(raw) + _EACH_ENTRY * entries + _ESCAPED * len(raw.translate(None, _PLAIN))
