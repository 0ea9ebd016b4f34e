"""Reading a container's log through the SDK's session: TCP, TLS, SSH, and proxies.

The SDK's read blocks until something comes, and a daemon that looks for the window in a long log
may be silent for minutes. So a thread does the reading, and the reader stays able to stop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

import requests

from cyberbrain_cli.adapters.docker_logs import CHUNK, POLL_SECONDS, message_of, refusal
from cyberbrain_cli.adapters.docker_stream import StreamParser
from cyberbrain_cli.adapters.docker_window import read_window
from cyberbrain_cli.adapters.read_ahead import ReadAhead
from cyberbrain_cli.core.ports import LogBatch, Window

OpenLog = Callable[[int | None], requests.Response]
"""Begins the response of the last so many entries, or of all in the window."""


def read_sdk(
    open_log: OpenLog, ping: Callable[[], object], window: Window, timeout_seconds: float
) -> Iterator[LogBatch]:
    """The lines within the window, from the streamed response that `open_log` begins.

    Yields an empty batch now and then while the daemon is silent; after `timeout_seconds` of
    silence `ping` must not raise. Raises LogsUnreadable, NotFound, and what the session raises.
    """
    return read_window(
        window, lambda parser, tail: _read(lambda: open_log(tail), ping, parser, timeout_seconds)
    )


def _read(
    open_log: Callable[[], requests.Response],
    ping: Callable[[], object],
    parser: StreamParser,
    timeout_seconds: float,
) -> Generator[LogBatch, None, None]:
    response = _Response(open_log)
    with closing(ReadAhead(response.read, response.abort)) as ahead:
        heard = time.monotonic()
        while (data := ahead.next(POLL_SECONDS)) != b"":
            if data is not None:
                heard = time.monotonic()
            elif time.monotonic() - heard >= timeout_seconds:
                ping()
                heard = time.monotonic()
            yield parser.feed(data or b"")
    yield parser.finish()


class _Response:
    """A streamed response that can be broken off from another thread."""

    def __init__(self, open_log: Callable[[], requests.Response]) -> None:
        self._open_log = open_log
        self._response: requests.Response | None = None

    def read(self) -> Iterator[bytes]:
        with self._open_log() as response:
            self._response = response
            if response.status_code != 200:
                raise refusal(response.status_code, message_of(response.content[:CHUNK]))
            yield from response.iter_content(CHUNK)

    def abort(self) -> None:
        if self._response is not None:
            self._response.raw.shutdown()
