"""Reading a container's log through the SDK's session: TCP, TLS, SSH, and proxies.

The SDK's read blocks until something comes, and a daemon that looks for the window in a long log
may be silent for minutes. So a thread does the reading, and the reader stays able to stop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from threading import Condition, Thread

import requests

from cyberbrain_cli.adapters.docker_logs import CHUNK, POLL_SECONDS, message_of, refusal
from cyberbrain_cli.adapters.docker_stream import StreamParser
from cyberbrain_cli.core.ports import LogBatch, Window

_AHEAD = 2 * CHUNK
"""So many bytes may wait for the parser."""

OpenLog = Callable[[], requests.Response]


def read_sdk(
    open_log: OpenLog, ping: Callable[[], object], window: Window, timeout_seconds: float
) -> Iterator[LogBatch]:
    """The lines within the window, from the streamed response that `open_log` begins.

    Yields an empty batch now and then while the daemon is silent; after `timeout_seconds` of
    silence `ping` must not raise. Raises LogsUnreadable, NotFound, and what the session raises.
    """
    parser = StreamParser(window)
    with closing(_Reader(open_log)) as reader:
        heard = time.monotonic()
        while (data := reader.next(POLL_SECONDS)) != b"":
            if data is not None:
                heard = time.monotonic()
            elif time.monotonic() - heard >= timeout_seconds:
                ping()
                heard = time.monotonic()
            yield parser.feed(data or b"")
    yield parser.finish()


class _Reader:
    """A thread that reads a response ahead; what it raises is raised to the one who asks."""

    def __init__(self, open_log: OpenLog) -> None:
        self._open_log = open_log
        self._changed = Condition()
        self._data: list[bytes] = []
        self._size = 0
        self._ended = self._closed = False
        self._error: BaseException | None = None
        self._response: requests.Response | None = None
        Thread(target=self._run, name="docker-logs", daemon=True).start()

    def next(self, seconds: float) -> bytes | None:
        """All that has come, none at the end; None when nothing has come for so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._data or self._ended, seconds)
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
        if self._response is not None:
            with suppress(OSError, ValueError, AttributeError, RuntimeError):
                self._response.raw.shutdown()

    def _run(self) -> None:
        try:
            self._read()
        except BaseException as error:  # noqa: BLE001 - it is raised where the log is read
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _read(self) -> None:
        with self._open_log() as response:
            self._response = response
            if response.status_code != 200:
                raise refusal(response.status_code, message_of(response.content[:CHUNK]))
            for data in response.iter_content(CHUNK):
                with self._changed:
                    self._changed.wait_for(lambda: self._closed or self._size < _AHEAD)
                    if self._closed:
                        return
                    self._data.append(data)
                    self._size += len(data)
                    self._changed.notify()
