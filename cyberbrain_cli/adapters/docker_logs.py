"""Reading a container's log over the daemon's Unix socket, in HTTP/1.0 and big chunks.

HTTP/1.0 makes the daemon send the body as it is, not in a chunk for each line. A body without a
length ends when the connection does, also when the daemon dies; so a second connection, on which
the daemon promises events that never come, tells the two apart.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from urllib.parse import quote, urlencode

from cyberbrain_cli.adapters.docker_address import unreachable
from cyberbrain_cli.adapters.docker_stream import StreamParser
from cyberbrain_cli.adapters.docker_window import read_window
from cyberbrain_cli.adapters.open_line import MARGIN_NS
from cyberbrain_cli.adapters.read_ahead import ReadAhead
from cyberbrain_cli.core.errors import CyberbrainError, DockerUnavailable, LogsUnreadable, NotFound
from cyberbrain_cli.core.ports import LogBatch, Window
from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.core.timestamps import NANOSECONDS

CHUNK = 1024 * 1024
SHORT_READ = 192 * 1024
PAUSE_SECONDS = 0.0005
"""After a short read: reading too eagerly makes the daemon write line by line."""

POLL_SECONDS = 0.5
_MAX_HEAD = 64 * 1024
_NO_EVENTS = "/events?" + urlencode({"filters": '{"type":["none"]}'})


class Unsuited(Exception):
    """What listens at the socket, a proxy perhaps, does not let us read in this way."""


def log_path(container: ContainerInfo, window: Window, tail: int | None) -> str:
    """The request for a window's lines, and for as much more as the parser is to see.

    The daemon's own bounds are both inclusive, and it stops at the first line after `until`.
    With `tail` the request is for the last so many entries, whether in the window or not.
    """
    query = {"stdout": "1", "stderr": "1", "timestamps": "1"}
    if tail is not None:
        query["tail"] = str(tail)
    elif window.after is not None:
        query["since"] = _seconds(max(0, window.after + 1 - MARGIN_NS))
    query["until"] = _seconds(window.until + MARGIN_NS)
    return f"/containers/{quote(container.id, safe='')}/logs?{urlencode(query)}"


def read_socket(
    path: str, container: ContainerInfo, window: Window, timeout_seconds: float
) -> Iterator[LogBatch]:
    """The lines within the window, from the daemon at a Unix socket.

    Yields an empty batch now and then while the daemon is silent, so that the reader can stop.
    Raises DockerUnavailable, LogsUnreadable or NotFound, and Unsuited before the first line.
    """
    return read_window(
        window,
        lambda parser, tail: _read(
            path, log_path(container, window, tail), parser, timeout_seconds
        ),
    )


def _read(
    path: str, target: str, parser: StreamParser, timeout_seconds: float
) -> Generator[LogBatch, None, None]:
    with (
        closing(_request(path, _NO_EVENTS, timeout_seconds)) as sentinel,
        closing(_request(path, target, timeout_seconds)) as connection,
    ):
        _insist_on_promise(sentinel)
        body = _Body(connection, path, timeout_seconds)
        with closing(ReadAhead(body.read, body.abort)) as ahead:
            while (data := ahead.next(POLL_SECONDS)) != b"":
                yield parser.feed(data or b"")
        _insist_alive(sentinel)
    yield parser.finish()


def refusal(status: int, message: str) -> CyberbrainError:
    """What an error answer of the logs endpoint means."""
    if status in (404, 409):
        return NotFound("The container is gone.", "cyberbrain containers")
    if "does not support reading" in message or "logging driver" in message:
        return LogsUnreadable(
            "The container's log driver does not let its logs be read.",
            "Use json-file, local or journald for this container.",
        )
    return LogsUnreadable(f"The daemon refused to give the log (HTTP {status}).")


def message_of(body: bytes) -> str:
    """The daemon's words in the body of an error answer."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


class _Body:
    """The body of a response."""

    def __init__(self, connection: socket.socket, path: str, timeout_seconds: float) -> None:
        self._connection = connection
        self._path = path
        self._timeout = timeout_seconds
        self._heard = time.monotonic()
        self._buffer = bytearray(CHUNK)  # one for all reads: new ones cost page faults
        self._view = memoryview(self._buffer)
        self._connection.settimeout(min(POLL_SECONDS, timeout_seconds))

    def abort(self) -> None:
        """End the reading from another thread."""
        self._connection.shutdown(socket.SHUT_RDWR)

    def read(self) -> Iterator[bytes]:
        """Reads of any size; an empty one while the daemon is silent."""
        head = b""
        while b"\r\n\r\n" not in head:
            data = self._receive()
            if data == b"" or len(head) > _MAX_HEAD:
                raise _gone("it closed the connection")
            head += data or b""
        head, _, body = head.partition(b"\r\n\r\n")
        if _status(head) != 200:
            raise refusal(_status(head), message_of(body + self._rest()))
        if b"transfer-encoding: chunked" in head.lower():
            raise Unsuited
        yield body
        while (data := self._receive()) != b"":
            yield data or b""
            if data is not None and len(data) < SHORT_READ:
                time.sleep(PAUSE_SECONDS)

    def _rest(self) -> bytes:
        rest = b""
        while len(rest) < _MAX_HEAD and (data := self._receive()):
            rest += data
        return rest

    def _receive(self) -> bytes | None:
        """The next bytes; None while there are none yet. Raises DockerUnavailable."""
        try:
            size = self._connection.recv_into(self._buffer)
        except TimeoutError:
            self._insist_on_answer()
            return None
        except OSError as error:
            raise _gone(error.strerror or "it broke the connection") from None
        self._heard = time.monotonic()
        return bytes(self._view[:size])

    def _insist_on_answer(self) -> None:
        """A daemon that looks for the window in a long log is silent, but it answers others."""
        if time.monotonic() - self._heard < self._timeout:
            return
        with closing(_request(self._path, "/_ping", self._timeout)) as ping:
            try:
                answered = ping.recv(1)
            except OSError:
                answered = b""
        if not answered:
            raise _gone("it no longer answers")
        self._heard = time.monotonic()


def _request(path: str, target: str, timeout_seconds: float) -> socket.socket:
    """A connection on which a request was sent."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout_seconds)
        connection.connect(path)
        connection.sendall(f"GET {target} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
    except OSError as error:
        connection.close()
        raise unreachable(f"unix://{path}", error) from None
    return connection


def _insist_on_promise(sentinel: socket.socket) -> None:
    """The daemon begins to answer; some proxies refuse. Raises Unsuited."""
    try:
        head = sentinel.recv(_MAX_HEAD)
    except TimeoutError:
        raise Unsuited from None
    except OSError as error:
        raise _gone(error.strerror or "it broke the connection") from None
    if not head:
        raise _gone("it closed the connection")
    if _status(head) != 200:
        raise Unsuited


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


def _status(head: bytes) -> int:
    """The status of a response. Raises DockerUnavailable when it is no HTTP."""
    version, _, rest = head.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise _gone("what it sent is not HTTP")
    return int(rest[:3])


def _gone(reason: str) -> DockerUnavailable:
    return DockerUnavailable(
        f"The Docker daemon failed while a log was read: {reason}.",
        "Check the daemon; the next launch goes on where the last good one ended.",
    )


def _seconds(time_ns: int) -> str:
    seconds, fraction = divmod(time_ns, NANOSECONDS)
    return f"{seconds}.{fraction:09d}"
