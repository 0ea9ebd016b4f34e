"""The log stream's format: any split into reads, long lines, both streams, broken input."""

from __future__ import annotations

import struct
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberbrain_cli.adapters.docker_stream import PIECE, StreamParser
from cyberbrain_cli.adapters.open_line import MARGIN_NS, MAX_LINE
from cyberbrain_cli.core.errors import DockerUnavailable, LogsUnreadable
from cyberbrain_cli.core.ports import Window
from tests.adapters.log_stream import (
    EVERYTHING,
    SECOND,
    START,
    Entry,
    Line,
    frame,
    parse,
    sent,
    split,
    stamped,
)

SHORT = 64
"""Pieces of this size make examples that a person can read."""

TEXTS = st.one_of(
    st.binary(max_size=40).map(lambda text: text.replace(b"\n", b" ")),
    st.sampled_from(
        [
            b"",
            b"\r",
            b"\r\rx",
            b"2026-11-23T02:59:01.123456789Z ",
            b"\x01\x00\x00\x00\x00\x00\x00\x05",
        ]
    ),
)


@st.composite
def logs(draw: st.DrawFn, *, streams: tuple[str, ...] = ("stdout", "stderr")) -> list[Entry]:
    """A log as the daemon keeps it; each stream in order, long lines in pieces."""
    entries = []
    time = START
    for number in range(draw(st.integers(0, 12))):
        time += draw(st.integers(1, SECOND // 2) | st.integers(1, 3 * SECOND))
        stream = draw(st.sampled_from(streams))
        text = b"%d:" % number + draw(TEXTS)
        if draw(st.booleans()):
            entries.append(Entry(time, text.ljust(SHORT, b"x"), stream, whole=False))
        else:
            entries.append(Entry(time, text, stream, whole=draw(st.integers(0, 9)) > 0))
    return entries


def written(entries: list[Entry]) -> list[Line]:
    """The lines that were written, by what an entry is; in the order of their last entry."""
    lines: list[Line] = []
    pending: dict[str, tuple[int, bytes]] = {}
    for entry in entries:
        head, text = pending.pop(entry.stream, (entry.time, b""))
        if entry.whole or len(entry.text) < SHORT:
            lines.append((head, entry.stream, text + entry.text))
        else:
            pending[entry.stream] = (head, text + entry.text)
    rest = [(head, stream, text) for stream, (head, text) in pending.items()]
    return lines + rest


@settings(deadline=None)
@given(logs(), st.lists(st.integers(0, 1 << 20), max_size=12))
def test_any_split_into_reads_gives_the_same_lines(entries: list[Entry], cuts: list[int]) -> None:
    data = sent(entries)
    assert sorted(parse(split(data, cuts), piece_bytes=SHORT)) == sorted(written(entries))


@settings(deadline=None)
@given(logs(streams=("stdout",)), st.lists(st.integers(0, 1 << 20), max_size=12))
def test_any_split_of_a_terminals_log_gives_the_same_lines(
    entries: list[Entry], cuts: list[int]
) -> None:
    entries = [entry for entry in entries if entry.whole or len(entry.text) >= SHORT]
    data = sent(entries, tty=True)
    assert parse(split(data, cuts), piece_bytes=SHORT) == written(entries)


def test_single_bytes_are_reads_too() -> None:
    entries = [Entry(START, b"one"), Entry(START + 1, b"two", "stderr")]
    for tty in (False, True):
        data = sent(entries, tty=tty)
        texts = [text for _, _, text in parse(data[at : at + 1] for at in range(len(data)))]
        assert texts == [b"one", b"two"]


@settings(deadline=None)
@given(logs(), st.lists(st.integers(0, 40 * SECOND), min_size=1, max_size=6))
def test_windows_side_by_side_lose_nothing_and_repeat_nothing(
    entries: list[Entry], bounds: list[int]
) -> None:
    """Each entry is in exactly one window, also when a long line lies across a bound."""
    ends = [*sorted({START + bound for bound in bounds}), START + 100 * SECOND]
    windows = [Window(None, ends[0]), *(Window(after, until) for after, until in pairwise(ends))]
    found = [line for window in windows for line in parse([sent(entries, window)], window, SHORT)]
    for stream in ("stdout", "stderr"):
        texts = b"".join(text for _, name, text in sorted(found) if name == stream)
        assert texts == b"".join(entry.text for entry in entries if entry.stream == stream)
    for window in windows:
        for time, _, _ in parse([sent(entries, window)], window, SHORT):
            assert (window.after or 0) < time <= window.until


@settings(deadline=None)
@given(logs(), st.integers(0, 40 * SECOND))
def test_a_long_line_written_at_once_is_whole_in_one_window(
    entries: list[Entry], bound: int
) -> None:
    until = START + bound
    windows = (Window(None, until), Window(until, START + 100 * SECOND))
    found = [line for window in windows for line in parse([sent(entries, window)], window, SHORT)]
    for head, stream, text in written(entries):
        of_stream = [entry for entry in entries if entry.stream == stream]
        times = [entry.time for entry in of_stream if head <= entry.time][: len(text) // SHORT + 1]
        if times[-1] // MARGIN_NS == times[0] // MARGIN_NS:
            assert (head, stream, text) in found


def test_lines_a_hair_out_of_order_are_all_found() -> None:
    late = [Entry(START + 5, b"a"), Entry(START + 11, b"b", "stderr"), Entry(START + 10, b"c")]
    first, second = Window(None, START + 10), Window(START + 10, START + 99)
    assert [text for _, _, text in parse([sent(late, first)], first)] == [b"a", b"c"]
    assert [text for _, _, text in parse([sent(late, second)], second)] == [b"b"]


def test_bounds_are_exact_to_the_nanosecond() -> None:
    entries = [Entry(START + offset, b"%d" % offset) for offset in range(5)]
    window = Window(START + 1, START + 3)
    assert [text for _, _, text in parse([sent(entries, window)], window)] == [b"2", b"3"]


@pytest.mark.parametrize("tty", [False, True])
def test_an_endless_line_is_cut_and_its_size_is_told(tty: bool) -> None:
    pieces = 20 * MAX_LINE // PIECE
    piece = sent([Entry(START, b"x" * PIECE, whole=False)], tty=tty)
    end = sent([Entry(START + 1, b"end"), Entry(START + 2, b"next")], tty=tty)
    parser = StreamParser(EVERYTHING)
    held = 0
    batches = []
    for _ in range(pieces):
        batches.append(parser.feed(piece))
        kept = [part for line in parser._open.values() for part in line.parts]
        held = max(held, len(parser._rest) + sum(map(len, kept)))
    batches += [parser.feed(end), parser.finish()]
    assert [len(line) for batch in batches for line in batch.lines] == [MAX_LINE, 4]
    assert sum(batch.size_bytes for batch in batches) == pieces * PIECE + 3 + 4
    assert held <= 2 * MAX_LINE


def test_pieces_that_grew_because_they_were_no_utf8_are_joined() -> None:
    grown = "\ufffd".encode() * PIECE
    entries = [Entry(START, grown, whole=False), Entry(START + 1, b"end")]
    for tty in (False, True):
        assert parse([sent(entries, tty=tty)]) == [(START, "stdout", grown + b"end")]


def test_what_a_process_left_unfinished_is_a_line_of_its_own() -> None:
    entries = [Entry(START, b"killed midw", whole=False), Entry(START + 9, b"started again")]
    assert [text for _, _, text in parse([sent(entries)])] == [b"killed midw", b"started again"]


@pytest.mark.parametrize(
    ("stamp", "nanoseconds"),
    [
        (b"2026-11-23T02:59:01.123456789Z", 123456789),
        (b"2026-11-23T02:59:01.1Z", 100000000),
        (b"2026-11-23T02:59:01Z", 0),
        (b"2026-11-23T04:59:01.000000001+02:00", 1),
    ],
)
def test_times_as_any_daemon_writes_them(stamp: bytes, nanoseconds: int) -> None:
    base = 1795402741 * SECOND
    payload = stamp + b" text with spaces\n"
    data = struct.pack(">BxxxI", 2, len(payload)) + payload
    assert parse([data, data]) == [(base + nanoseconds, "stderr", b"text with spaces")] * 2


def test_a_stream_that_breaks_off_is_not_taken_for_its_end() -> None:
    data = frame(Entry(START, b"one")) + frame(Entry(START + 1, b"two"))
    for end in range(len(data)):
        if end in (0, len(data) // 2):
            continue
        with pytest.raises(DockerUnavailable, match="broke off"):
            parse([data[:end]])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x03\0\0\0\0\0\0\x05hello", "with an error"),
        (b"\x01\0\0\0\0\0\0\x05hello", "without a time"),
        (b"\x01\0\0\0\xff\xff\xff\xffhello", "not a log stream"),
        (b"\x09\0\0\0\0\0\0\x05hello", "not a log stream"),
        (b"<html>hello</html>\n", "not a log stream"),
        (b"Error grabbing logs: unexpected EOF\n", "not a log stream"),
        (b"2026-11-23T02:59:01.123456789Z ok\r\nError grabbing logs\n", "without a time"),
        (b"9" * (3 * MAX_LINE), "not a log stream"),
        (stamped(Entry(START, b"a"), b"\n").replace(b"2026", b"0000"), "without a time"),
    ],
)
def test_what_is_no_log_is_told(data: bytes, says: str) -> None:
    with pytest.raises(LogsUnreadable, match=says):
        parse([data])


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_arbitrary_bytes_end_in_lines_or_in_a_sentence(reads: list[bytes]) -> None:
    try:
        lines = parse(reads)
    except (LogsUnreadable, DockerUnavailable):
        return
    assert all(isinstance(time, int) for time, _, _ in lines)


def test_the_three_sequences_of_a_batch_run_in_parallel() -> None:
    entries = [Entry(START + n, b"%d" % n, "stderr" if n % 3 else "stdout") for n in range(10)]
    batch = StreamParser(EVERYTHING).feed(sent(entries))
    assert len(batch.times) == len(batch.streams) == len(batch.lines) == 10
    assert batch.size_bytes == 10
    assert [name for name, _ in groupby(batch.streams)][:2] == ["stdout", "stderr"]
