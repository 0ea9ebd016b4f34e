"""Reading a container's log over the daemon's Unix socket, in HTTP/1.0 and big chunks.

HTTP/1.0 makes the daemon send the body as it is, not in a chunk for each line. A body without a
length ends when the connection does, also when the daemon dies; so a second connection, on which
the daemon promises events that never come, tells the two apart.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import quote, urlencode

from cyberbrain_cli.adapters.docker_stream import StreamParser
from cyberbrain_cli.core.errors import CyberbrainError, DockerUnavailable, LogsUnreadable, NotFound
from cyberbrain_cli.core.ports import LogBatch, Window
from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.core.timestamps import NANOSECONDS

CHUNK = 1024 * 1024
SHORT_READ = 64 * 1024
PAUSE_SECONDS = 0.0003
"""After a short read: reading too eagerly makes the daemon write line by line."""

LATE_NS = NANOSECONDS
"""The daemon stops at the first line after `until`, and lines of two streams may stand in the
wrong order by a hair: it is asked for this much more, and the parser decides."""

_POLL_SECONDS = 0.5
_MAX_HEAD = 64 * 1024


def log_path(container: ContainerInfo, window: Window) -> str:
    """The request for a window's lines. The daemon's own bounds are both inclusive."""
    query = {"stdout": "1", "stderr": "1", "timestamps": "1"}
    if window.after is not None:
        query["since"] = _seconds(window.after + 1)
    query["until"] = _seconds(window.until + LATE_NS)
    return f"/containers/{quote(container.id, safe='')}/logs?{urlencode(query)}"


def read_socket(
    path: str, container: ContainerInfo, window: Window, timeout_seconds: float
) -> Iterator[LogBatch]:
    """The lines within the window, from the daemon at a Unix socket.

    Yields an empty batch now and then while the daemon is silent, so that the reader can stop.
    Raises DockerUnavailable, LogsUnreadable or NotFound.
    """
    parser = StreamParser(window, container.tty)
    with closing(_connect(path)) as sentinel, closing(_connect(path)) as connection:
        _send(sentinel, '/events?filters={"type":["none"]}')
        _send(connection, log_path(container, window))
        body = _Body(connection, timeout_seconds)
        for data in body:
            yield parser.feed(data)
        _insist_alive(sentinel)
    yield parser.finish()


class _Body:
    """The body of a response: reads of any size; an empty one while the daemon is silent."""

    def __init__(self, connection: socket.socket, timeout_seconds: float) -> None:
        self._connection = connection
        self._timeout = timeout_seconds
        self._connection.settimeout(_POLL_SECONDS)

    def __iter__(self) -> Iterator[bytes]:
        head = b""
        while b"\r\n\r\n" not in head:
            data = self._receive()
            if data == b"" or len(head) > _MAX_HEAD:
                raise _gone("it closed the connection")
            head += data or b""
            if data is None:
                yield b""
        head, _, body = head.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if status != 200:
            raise _refusal(status, body + b"".join(iter(lambda: self._receive() or b"", b"")))
        yield body
        while (data := self._receive()) != b"":
            yield data or b""
            if data is not None and len(data) < SHORT_READ:
                time.sleep(PAUSE_SECONDS)

    def _receive(self) -> bytes | None:
        """The next bytes; None while there are none yet. Raises DockerUnavailable."""
        try:
            return self._connection.recv(CHUNK)
        except TimeoutError:
            return None
        except OSError as error:
            raise _gone(error.strerror or "it broke the connection") from None


def read_chunks(
    chunks: Iterator[bytes], container: ContainerInfo, window: Window
) -> Iterator[LogBatch]:
    """The lines within the window, from a body that the SDK reads. Raises LogsUnreadable."""
    parser = StreamParser(window, container.tty)
    for data in chunks:
        yield parser.feed(data)
    yield parser.finish()


def first_time(batches: Callable[[Window], Iterator[LogBatch]], now_ns: int) -> int | None:
    """The time of the oldest line: the first that comes when all are asked for."""
    stream = batches(Window(None, now_ns))
    try:
        return next((batch.times[0] for batch in stream if batch.times), None)
    finally:
        stream.close()  # type: ignore[attr-defined]


def refusal(status: int, message: str) -> CyberbrainError:
    """What an error answer of the logs endpoint means."""
    if status == 404:
        return NotFound("The container is gone.", "cyberbrain containers")
    if "does not support reading" in message or "logging driver" in message:
        return LogsUnreadable(
            "The container's log driver does not let its logs be read.",
            "Use json-file, local or journald for this container.",
        )
    return LogsUnreadable(f"The daemon refused to give the log (HTTP {status}).")


def _refusal(status: int, body: bytes) -> CyberbrainError:
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = ""
    return refusal(status, message)


def _connect(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(10)
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise _gone(error.strerror or "no answer") from None
    return connection


def _send(connection: socket.socket, path: str) -> None:
    try:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
    except OSError as error:
        raise _gone(error.strerror or "no answer") from None


def _insist_alive(sentinel: socket.socket) -> None:
    """The daemon holds this connection open as long as it lives."""
    sentinel.settimeout(0)
    try:
        while data := sentinel.recv(CHUNK):
            del data
    except BlockingIOError:
        return
    except OSError as error:
        raise _gone(error.strerror or "it broke the connection") from None
    raise _gone("it went away while its log was read")


def _gone(reason: str) -> DockerUnavailable:
    return DockerUnavailable(
        f"The Docker daemon failed while a log was read: {reason}.",
        "Check the daemon; the next launch goes on where the last good one ended.",
    )


def _seconds(time_ns: int) -> str:
    seconds, fraction = divmod(time_ns, NANOSECONDS)
    return f"{seconds}.{fraction:09d}"
