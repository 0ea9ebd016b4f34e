"""Bytes of Docker's log stream to lines. Pure: no socket, and any split into reads will do.

The format is that of the Engine API's container logs endpoint with `timestamps=1`: without a TTY,
frames of an 8-byte header (stream, three zeros, length as a big-endian 32-bit number) and a
payload; with one, plain text. Each entry begins with an RFC 3339 time and a space, so the first
byte tells the two apart. An entry of 16 KiB or more without a line end is a piece of a long line,
continued in its stream's next entry; a shorter one is what a process left unfinished.
"""

from __future__ import annotations

import re
from struct import Struct

from cyberbrain_cli.adapters.open_line import MAX_LINE, OpenLine
from cyberbrain_cli.core.errors import DockerUnavailable, LogsUnreadable
from cyberbrain_cli.core.ports import LogBatch, Window
from cyberbrain_cli.core.timestamps import Stamps, format_ns, parse_ns

PIECE = 16 * 1024
"""Docker cuts longer lines into entries of this size; more where bytes were no UTF-8."""

_HEADER = Struct(">BxxxI")
_STREAMS = ("stdout", "stdout", "stderr")
_DAEMON_ERROR = 3
_NEWLINE = 10
_LONG_AGO = -(1 << 63)
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ")
_STAMP_BYTES = 31
_STAMP_SHAPE = b"--T::.Z"
_DIGITS = b"0123456789"


class StreamParser:
    """Turns reads into batches of whole lines within a window.

    A line has the time of its first piece. Where a bound of the window falls between two pieces,
    all windows agree to whom they belong, without knowing of each other. `entries` and the time
    of the `first_entry` tell of all that was fed, within the window or not.
    """

    def __init__(self, window: Window, piece_bytes: int = PIECE) -> None:
        self._piece = piece_bytes
        self._after = _LONG_AGO if window.after is None else window.after
        self._until = window.until
        self.entries = 0
        self.first_entry: int | None = None
        self._framed: bool | None = None
        self._uniform = True
        self._rest = b""
        self._open: dict[str, OpenLine] = {}
        self._start_batch()

    def feed(self, data: bytes) -> LogBatch:
        """The lines that are whole with this read. Raises LogsUnreadable when it is no log."""
        data = self._rest + data if self._rest else data
        if data and self._framed is None:
            self._framed = _is_framed(data[0])
        self._rest = self._frames(data) if self._framed else self._texts(data)
        return self._batch()

    def finish(self) -> LogBatch:
        """What is left at the end of the stream: lines whose last piece never came.

        Raises DockerUnavailable when the stream ends within a frame.
        """
        if self._rest and self._framed:
            raise DockerUnavailable(
                "The Docker daemon broke off a log in the middle.",
                "Check the daemon; the next launch goes on where the last good one ended.",
            )
        if self._rest:
            self._take("stdout", self._rest)
            self._rest = b""
        for stream in list(self._open):
            self._close(stream)
        return self._batch()

    def _start_batch(self) -> None:
        self._stamps: list[bytes] = []
        self._streams: list[str] = []
        self._lines: list[bytes] = []
        self._size = 0

    def _batch(self) -> LogBatch:
        """What was taken since the last batch, as far as it is within the window."""
        stamps, streams, lines, size = self._stamps, self._streams, self._lines, self._size
        self._start_batch()
        if not lines:
            return LogBatch((), (), (), 0, 0, 0)
        earliest, latest = Stamps((min(stamps), max(stamps)))
        times = Stamps(stamps)
        if self._after < earliest and latest <= self._until:
            return LogBatch(times, streams, lines, size, earliest, latest)
        kept = [at for at, time in enumerate(times) if self._after < time <= self._until]
        return LogBatch.of(
            [times[at] for at in kept],
            [streams[at] for at in kept],
            [lines[at] for at in kept],
        )

    def _frames(self, data: bytes) -> bytes:
        """Take all whole frames; what is left. Most are a line each: runs go the short way."""
        position = 0
        while True:
            position = self._run(data, position)
            if position + 8 > len(data):
                break
            kind, length = _HEADER.unpack_from(data, position)
            if kind > 2 or length > MAX_LINE:
                raise _not_a_log(kind)
            stop = position + 8 + length
            if stop > len(data):
                break
            self._take(_STREAMS[kind], data[position + 8 : stop])
            position = stop
        return data[position:]

    def _run(self, data: bytes, position: int) -> int:
        """Take a run of frames that are a line each; where the first begins that is not."""
        if self._open or not self._uniform:
            return position
        stamps: list[bytes] = []
        add_stamp, add_stream, add_line = stamps.append, self._streams.append, self._lines.append
        unpack, names, end, begin = _HEADER.unpack_from, _STREAMS, len(data), position
        before = len(self._lines)
        while position + 8 <= end:
            kind, length = unpack(data, position)
            stop = position + 8 + length
            if stop > end or kind > 2 or data[stop - 1] != _NEWLINE or length <= _STAMP_BYTES:
                break
            add_stamp(data[position + 8 : position + 38])
            add_line(data[position + 39 : stop - 1])
            add_stream(names[kind])
            position = stop
        if b"".join(stamps).translate(None, _DIGITS) != _STAMP_SHAPE * len(stamps):
            del self._lines[before:], self._streams[before:]
            self._uniform = False
            return begin
        if stamps:
            self._saw(Stamps(stamps)[0], len(stamps))
        self._stamps += stamps
        self._size += position - begin - len(stamps) * (_HEADER.size + _STAMP_BYTES + 1)
        return position

    def _saw(self, time: int, entries: int) -> None:
        self.entries += entries
        if self.first_entry is None:
            self.first_entry = time

    def _texts(self, data: bytes) -> bytes:
        """Take all whole entries of a TTY's log; what is left."""
        position = 0
        while True:
            least = max(position, data.find(b" ", position)) + 1 + self._piece
            newline = data.find(b"\n", position)
            upto = newline + 1 if newline >= 0 else len(data)
            found = _STAMP.search(data, least, upto) if upto - position > self._piece else None
            if found is not None:
                upto = found.start()
            elif newline < 0:
                break
            self._take("stdout", data[position:upto])
            position = upto
        if len(data) - position > MAX_LINE:
            raise _not_a_log(0)
        return data[position:]

    def _take(self, stream: str, entry: bytes) -> None:
        """One entry: a line, or a piece of one."""
        stamp, _, text = entry.partition(b" ")
        time = _time(stamp)
        self._saw(time, 1)
        whole = text.endswith(b"\n")
        if whole:
            text = text[:-1]
        pending = self._open.get(stream)
        if pending is not None and not self._goes_on(pending, time):
            self._close(stream)
            pending = None
        if pending is None:
            pending = self._open[stream] = OpenLine(time, time)
        pending.add(time, text)
        if whole or len(text) < self._piece:
            self._close(stream)

    def _goes_on(self, line: OpenLine, time: int) -> bool:
        return line.goes_on_at(time, self._after) and line.goes_on_at(time, self._until)

    def _close(self, stream: str) -> None:
        line = self._open.pop(stream)
        if not self._framed:
            line.drop_return()
        self._emit(line.head, stream, b"".join(line.parts)[:MAX_LINE], line.size)

    def _emit(self, time: int, stream: str, text: bytes, size: int) -> None:
        if self._after < time <= self._until:
            self._stamps.append(format_ns(time).encode("ascii"))
            self._streams.append(stream)
            self._lines.append(text)
            self._size += size


def _time(stamp: bytes) -> int:
    try:
        return parse_ns(stamp.decode("ascii"))
    except (ValueError, OverflowError):
        raise LogsUnreadable("The log stream has an entry without a time.") from None


def _is_framed(first: int) -> bool:
    if first <= _DAEMON_ERROR:
        return True
    if not chr(first).isdecimal():
        raise _not_a_log(0)
    return False


def _not_a_log(kind: int) -> LogsUnreadable:
    if kind == _DAEMON_ERROR:
        return LogsUnreadable(
            "The daemon broke off the log with an error.", "See the daemon's log."
        )
    return LogsUnreadable("What the daemon sent is not a log stream.", "Is it a Docker daemon?")
