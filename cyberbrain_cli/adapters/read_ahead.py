"""Reading ahead in a thread: the sender is never kept waiting while what has come is worked on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Condition, Thread

MOST_AHEAD = 4 << 20
"""So many bytes may wait for the one who works on them."""
WORTH_TAKING = 1 << 20
_PATIENCE_SECONDS = 0.05


class ReadAhead:
    """Bytes from a source that a thread reads; what the source raises is raised to the taker.

    `read` is called in the thread. `abort` must make it end, whatever it waits for.
    """

    def __init__(self, read: Callable[[], Iterator[bytes]], abort: Callable[[], None]) -> None:
        self._source = read
        self._abort = abort
        self._changed = Condition()
        self._data: list[bytes] = []
        self._size = 0
        self._ended = self._closed = False
        self._error: BaseException | None = None
        Thread(target=self._run, name="read-ahead", daemon=True).start()

    def next(self, seconds: float) -> bytes | None:
        """All that has come, none at the end; None when nothing has come for so long.

        Waits a moment for more when there is little, since much at once is quicker to work on.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._data or self._ended, seconds)
            self._changed.wait_for(
                lambda: self._size >= WORTH_TAKING or self._ended, _PATIENCE_SECONDS
            )
            if self._data:
                data, self._data, self._size = b"".join(self._data), [], 0
                self._changed.notify()
                return data
            if self._error is not None:
                raise self._error
            return b"" if self._ended else None

    def close(self) -> None:
        """Break off the reading; the thread ends with it."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        with suppress(OSError, ValueError, AttributeError, RuntimeError):
            self._abort()

    def _run(self) -> None:
        try:
            self._read()
        except BaseException as error:  # noqa: BLE001 - it is raised where the bytes are taken
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _read(self) -> None:
        for data in self._source():
            if not data:
                continue
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._size < MOST_AHEAD)
                if self._closed:
                    return
                first = not self._data
                self._data.append(data)
                self._size += len(data)
                if first or self._size >= WORTH_TAKING:
                    self._changed.notify()
