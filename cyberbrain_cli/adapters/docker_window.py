"""A window at the end of a long log, without making the daemon read the log from its start.

The daemon looks for `since` line by line from the first, while the last lines are at hand at
once. So the last lines are asked for, more of them each time, until they begin before the window.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from cyberbrain_cli.adapters.docker_stream import StreamParser
from cyberbrain_cli.adapters.open_line import MARGIN_NS
from cyberbrain_cli.core.ports import LogBatch, Window

FIRST_TAIL = 1000
MOST_TAIL = 1_000_000
"""For more lines than this the daemon is asked for all since the window's start."""
_RESERVE = 1.5
_GROWTH = 8

Read = Callable[[StreamParser, int | None], Generator[LogBatch, None, None]]
"""Reads into a parser the last so many entries of a log, or with None all since its window."""


def read_window(window: Window, read: Read, first_tail: int = FIRST_TAIL) -> Iterator[LogBatch]:
    """The lines within the window. Raises what `read` raises."""
    tail = None if window.after is None else first_tail
    while tail is not None:
        parser = StreamParser(window)
        held: list[LogBatch] | None = [] if tail == first_tail else None
        with closing(read(parser, tail)) as batches:
            done = yield from _covering(parser, window, batches, held)
        if done:
            return
        if held is not None and 0 < parser.entries < tail:  # that was all there is
            yield from held
            return
        tail = _next_tail(tail, parser, window)
    yield from read(StreamParser(window), None)


def _covering(
    parser: StreamParser,
    window: Window,
    batches: Iterator[LogBatch],
    held: list[LogBatch] | None,
) -> Generator[LogBatch, None, bool]:
    """Pass the batches on if the entries begin before the window; whether they do.

    Those that do not are kept in `held`, if there is one.
    """
    covered = False
    for batch in batches:
        covered = covered or _begins_before(parser, window)
        if covered or not batch.lines:
            yield batch
        elif held is None:
            return False
        else:
            held.append(batch)
    return covered


def _begins_before(parser: StreamParser, window: Window) -> bool:
    """Whether nothing that the parser is to see of the window can stand before its first entry."""
    first, after = parser.first_entry, window.after
    return first is not None and after is not None and first <= after - MARGIN_NS


def _next_tail(tail: int, parser: StreamParser, window: Window) -> int | None:
    """How many entries the window may need, going by those seen; None to let the daemon search."""
    if parser.first_entry is None or window.after is None:
        return None
    seen = max(1, window.until - parser.first_entry)
    wanted = window.until - window.after + MARGIN_NS
    needed = max(int(tail * wanted / seen * _RESERVE), tail * _GROWTH)
    return needed if needed <= MOST_TAIL else None
