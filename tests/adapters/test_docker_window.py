"""A window at the end of a log is read from the end, and has the same lines as any other way."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from cyberbrain_cli.adapters.docker_stream import StreamParser
from cyberbrain_cli.adapters.docker_window import read_window
from cyberbrain_cli.core.ports import LogBatch, Window
from tests.adapters.log_stream import (
    SECOND,
    START,
    Entry,
    Line,
    frame,
    lines_of,
    parse,
    sent,
)

FIRST = 10


class Daemon:
    """Answers as the daemon does, from entries in the order of their times."""

    def __init__(self, entries: Sequence[Entry], window: Window, read_bytes: int = 200) -> None:
        self._entries = entries
        self._window = window
        self._read_bytes = read_bytes
        self.asked: list[int | None] = []
        self.sent = 0

    def read(self, parser: StreamParser, tail: int | None) -> Generator[LogBatch, None, None]:
        self.asked.append(tail)
        if tail is None:
            body = sent(self._entries, self._window)
        else:
            body = b"".join(frame(entry) for entry in self._entries[-tail:])
        for start in range(0, len(body), self._read_bytes):
            self.sent += len(body[start : start + self._read_bytes])
            yield parser.feed(body[start : start + self._read_bytes])
        yield parser.finish()

    def lines(self) -> list[Line]:
        return lines_of(list(read_window(self._window, self.read, FIRST)))


def entries(count: int, step: int = SECOND) -> list[Entry]:
    return [Entry(START + number * step, b"line %d" % number) for number in range(count)]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.integers(0, 5 * SECOND), max_size=120),
    st.integers(-5 * SECOND, 200 * SECOND),
    st.integers(0, 100 * SECOND),
    st.integers(1, 4000),
)
def test_any_window_of_any_log_has_its_lines_once(
    gaps: list[int], after: int, length: int, read_bytes: int
) -> None:
    time, log = START, []
    for number, gap in enumerate(gaps):
        time += gap
        log.append(Entry(time, b"line %d" % number, "stderr" if number % 3 else "stdout"))
    window = Window(START + after, START + after + length)
    found = Daemon(log, window, read_bytes).lines()
    assert found == parse([sent(log, window)], window)


def test_a_short_window_of_a_long_log_never_reads_the_whole() -> None:
    log = entries(10_000)
    window = Window(START + 9_970 * SECOND, START + 10_000 * SECOND)
    daemon = Daemon(log, window)
    assert [text for _, _, text in daemon.lines()] == [
        b"line %d" % number for number in range(9_971, 10_000)
    ]
    assert None not in daemon.asked
    assert daemon.sent < 3_000 * len(frame(log[-1])) // 2


def test_a_log_that_is_shorter_than_the_first_tail_is_read_once() -> None:
    log = entries(5)
    daemon = Daemon(log, Window(START - SECOND, START + 99 * SECOND))
    assert len(daemon.lines()) == 5
    assert daemon.asked == [FIRST]


def test_a_window_with_nothing_new_is_seen_to_have_nothing() -> None:
    log = entries(500)
    daemon = Daemon(log, Window(START + 600 * SECOND, START + 900 * SECOND))
    assert daemon.lines() == []
    assert daemon.asked == [FIRST]


def test_a_window_that_is_most_of_the_log_is_searched_by_the_daemon() -> None:
    log = entries(3_000_000 // 1000)
    window = Window(START, START + 400 * 365 * 86_400 * SECOND)
    daemon = Daemon(log, window)
    assert len(daemon.lines()) == len(log) - 1
    assert daemon.asked[-1] is None
