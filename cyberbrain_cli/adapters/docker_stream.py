"""Bytes of Docker's log stream to lines. Pure: no socket, and any split into reads will do.

The format is that of the Engine API's container logs endpoint with `timestamps=1`: without a TTY,
frames of an 8-byte header (stream, three zeros, length as a big-endian 32-bit number) and a
payload; with one, plain text. Each entry begins with an RFC 3339 time and a space. An entry
without a line end is a piece of a long line (over 16 KiB), continued in the stream's next entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

from cyberbrain_cli.core.errors import LogsUnreadable
from cyberbrain_cli.core.ports import LogBatch, Window
from cyberbrain_cli.core.timestamps import NANOSECONDS, parse_ns

MAX_LINE = 1024 * 1024
"""Longer lines are cut here; what is left out is still counted in the batch's size."""

PIECE = 16 * 1024
"""Docker cuts longer lines into entries of this size."""

_HEADER = Struct(">BxxxI")
_STREAMS = {0: "stdout", 1: "stdout", 2: "stderr"}
_DAEMON_ERROR = 3
_FIXED = 30  # 2026-11-23T02:59:01.123456789Z


@dataclass(slots=True)
class _Open:
    """A line of which only some pieces have come."""

    time: int
    parts: list[bytes]
    size: int


@dataclass(slots=True)
class StreamParser:
    """Turns reads into batches of whole lines within a window."""

    window: Window
    tty: bool
    _rest: bytes = b""
    _open: dict[str, _Open] = field(default_factory=dict)
    _times: dict[bytes, int] = field(default_factory=dict)
    _out: tuple[list[int], list[str], list[bytes]] = field(default_factory=lambda: ([], [], []))
    _size: int = 0

    def feed(self, data: bytes) -> LogBatch:
        """The lines that are whole with this read. Raises LogsUnreadable when it is no log."""
        data = self._rest + data
        entries = self._tty_entries(data) if self.tty else self._frames(data)
        for stream, entry in entries:
            self._take(stream, entry)
        return self._batch()

    def finish(self) -> LogBatch:
        """What is left at the end of the stream: lines whose last piece never came.

        Raises LogsUnreadable when the stream ends within a frame.
        """
        if self._rest and self.tty:
            self._take("stdout", self._rest)
        elif self._rest:
            raise LogsUnreadable("The log stream broke off in the middle.", "Try again.")
        for stream in list(self._open):
            self._close(stream)
        return self._batch()

    def _batch(self) -> LogBatch:
        (times, streams, lines), size = self._out, self._size
        self._out, self._size = ([], [], []), 0
        return LogBatch(times, streams, lines, size)

    def _frames(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        position, end = 0, len(data)
        unpack = _HEADER.unpack_from
        while position + 8 <= end:
            kind, length = unpack(data, position)
            upto = position + 8 + length
            if upto > end:
                break
            stream = _STREAMS.get(kind)
            if stream is None:
                raise _not_a_log(kind)
            yield stream, data[position + 8 : upto]
            position = upto
        self._rest = data[position:]

    def _tty_entries(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        *entries, self._rest = data.split(b"\n")
        for entry in entries:
            yield from (("stdout", piece) for piece in _pieces(entry + b"\n"))

    def _take(self, stream: str, entry: bytes) -> None:
        """One entry: a line, or a piece of one."""
        stamp, _, text = entry.partition(b" ")
        time = self._time(stamp)
        whole = text.endswith(b"\n")
        if whole:
            text = text[:-2] if self.tty and text.endswith(b"\r\n") else text[:-1]
        pending = self._open.get(stream)
        if pending is None and whole:
            self._emit(time, stream, text, len(text))
            return
        if pending is None:
            pending = self._open[stream] = _Open(time, [], 0)
        if pending.size < MAX_LINE:
            pending.parts.append(text)
        pending.size += len(text)
        if whole:
            self._close(stream)

    def _close(self, stream: str) -> None:
        line = self._open.pop(stream)
        self._emit(line.time, stream, b"".join(line.parts), line.size)

    def _emit(self, time: int, stream: str, text: bytes, size: int) -> None:
        after, until = self.window.after, self.window.until
        if (after is not None and time <= after) or time > until:
            return
        times, streams, lines = self._out
        times.append(time)
        streams.append(stream)
        lines.append(text[:MAX_LINE])
        self._size += size

    def _time(self, stamp: bytes) -> int:
        """Nanoseconds since the epoch; the part up to the second is looked up."""
        if len(stamp) == _FIXED and stamp[-1:] == b"Z":
            second, fraction = stamp[:19], stamp[20:29]
            known = self._times.get(second)
            if known is None:
                known = self._remember(second)
            if fraction.isdigit():
                return known + int(fraction)
        try:
            return parse_ns(stamp.decode("ascii"))
        except ValueError:
            raise LogsUnreadable("The log stream has an entry without a time.") from None

    def _remember(self, second: bytes) -> int:
        if len(self._times) > 4096:
            self._times.clear()
        try:
            self._times[second] = parse_ns(second.decode("ascii")) // NANOSECONDS * NANOSECONDS
        except ValueError:
            raise LogsUnreadable("The log stream has an entry without a time.") from None
        return self._times[second]


def _pieces(entry: bytes) -> Iterator[bytes]:
    """A TTY's long line comes as entries run together, each with its time before it."""
    space = entry.find(b" ")
    cut = space + 1 + PIECE
    while 0 < space < 64 and len(entry) > cut and _is_time(entry[cut : cut + _FIXED]):
        yield entry[:cut]
        entry = entry[cut:]
        space = entry.find(b" ")
        cut = space + 1 + PIECE
    yield entry


def _is_time(text: bytes) -> bool:
    return len(text) == _FIXED and text[10:11] == b"T" and text[-1:] == b"Z"


def _not_a_log(kind: int) -> LogsUnreadable:
    if kind == _DAEMON_ERROR:
        return LogsUnreadable(
            "The daemon broke off the log with an error.", "See the daemon's log."
        )
    return LogsUnreadable("What the daemon sent is not a log stream.", "Is it a Docker daemon?")
