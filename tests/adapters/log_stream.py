"""A daemon's side of the log stream, for tests: entries to the bytes that it would send."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cyberbrain_cli.adapters.docker_stream import PIECE, StreamParser
from cyberbrain_cli.adapters.open_line import MARGIN_NS
from cyberbrain_cli.core.ports import LogBatch, Window
from cyberbrain_cli.core.timestamps import format_ns

EVERYTHING = Window(None, 1 << 62)
SECOND = 1_000_000_000
START = 1_795_000_000 * SECOND

Line = tuple[int, str, bytes]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the daemon stores at a time: a line, or with `whole` false a piece of one."""

    time: int
    text: bytes
    stream: str = "stdout"
    whole: bool = True


def sent(entries: Iterable[Entry], window: Window = EVERYTHING, *, tty: bool = False) -> bytes:
    """The body of the answer: both bounds inclusive, and an end at the first line too late."""
    since = 0 if window.after is None else window.after + 1 - MARGIN_NS
    body = b""
    for entry in entries:
        if entry.time > window.until + MARGIN_NS:
            break
        if entry.time >= since:
            body += tty_entry(entry) if tty else frame(entry)
    return body


def frame(entry: Entry) -> bytes:
    """An entry of a container without a terminal."""
    payload = stamped(entry, b"\n" if entry.whole else b"")
    return struct.pack(">BxxxI", 1 + (entry.stream == "stderr"), len(payload)) + payload


def tty_entry(entry: Entry) -> bytes:
    """An entry of a container with a terminal."""
    return stamped(entry, b"\r\n" if entry.whole else b"")


def stamped(entry: Entry, end: bytes) -> bytes:
    """An entry's text with its time before it."""
    return format_ns(entry.time).encode() + b" " + entry.text + end


def parse(
    reads: Iterable[bytes], window: Window = EVERYTHING, piece_bytes: int = PIECE
) -> list[Line]:
    """The lines that the parser makes of the reads."""
    parser = StreamParser(window, piece_bytes)
    batches = [parser.feed(data) for data in reads]
    return lines_of([*batches, parser.finish()])


def lines_of(batches: Iterable[LogBatch]) -> list[Line]:
    """Time, stream and text of every line."""
    return [
        line
        for batch in batches
        for line in zip(batch.times, batch.streams, batch.lines, strict=True)
    ]


def split(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """The data in reads that end at the cuts."""
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(places)]
