"""One HTTP request to a model's server: no proxy, no redirect, no retry, nothing kept open.

Written on the standard library, since a request must go to an address that was checked, end at
its deadline whatever the server does, and break off when another thread says so.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from cyberbrain_cli.adapters.llm_address import Address, resolve
from cyberbrain_cli.core.errors import LlmUnavailable

MAX_BODY = 8 * 1024 * 1024
_CONNECT_SECONDS = 5.0
_CHUNK = 64 * 1024


class WireError(Exception):
    """The request came to nothing; `cause` is a class name, never a text of the server's."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class WireTimeout(WireError):
    """No whole answer in time."""


class WireClosed(WireError):
    """Broken off by `close`."""


class WireNotSent(WireClosed):
    """Closed before anything was sent."""


class WireUnreachable(WireError):
    """No connection came about."""


class WireTooLarge(WireError):
    """The answer is larger than any answer of use."""


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Wire:
    """Requests to one address, from any number of threads."""

    def __init__(self, address: Address, *, allow_remote: bool, timeout_seconds: float) -> None:
        self.address = address
        self.timeout_seconds = timeout_seconds
        self._allow_remote = allow_remote
        self._lock = threading.Lock()
        self._under_way: set[_Exchange] = set()
        self._closed = False

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> WireAnswer:
        """Send one request. Raises WireError, or PolicyRefused before any byte is sent."""
        exchange = _Exchange(self.address, timeout_seconds or self.timeout_seconds)
        with self._lock:
            if self._closed:
                raise WireNotSent("Closed")
            self._under_way.add(exchange)
        try:
            return exchange.run(method, path, body, allow_remote=self._allow_remote)
        finally:
            with self._lock:
                self._under_way.discard(exchange)

    def close(self) -> None:
        """Break off every request and refuse further ones; safe from any thread."""
        with self._lock:
            self._closed = True
            under_way = list(self._under_way)
        for exchange in under_way:
            exchange.abort(WireClosed("Closed"))


class _Exchange:
    """A single request and its answer."""

    def __init__(self, address: Address, timeout_seconds: float) -> None:
        self._address = address
        self._deadline = time.monotonic() + timeout_seconds
        self._watchdog = threading.Timer(timeout_seconds, self.abort, [WireTimeout("TimeoutError")])
        self._watchdog.daemon = True
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._aborted: WireError | None = None

    def abort(self, why: WireError) -> None:
        """Wake the thread that waits for the server."""
        with self._lock:
            self._aborted = self._aborted or why
            if self._socket is not None:
                _shut(self._socket)

    def run(self, method: str, path: str, body: bytes | None, *, allow_remote: bool) -> WireAnswer:
        """Connect, ask, read."""
        try:
            candidates = resolve(self._address, allow_remote=allow_remote)
        except LlmUnavailable:
            raise WireUnreachable("NameNotResolved") from None
        connection = http.client.HTTPConnection(self._address.host, self._address.port)
        self._watchdog.start()
        try:
            connection.sock = self._connect([str(candidate) for candidate in candidates])
            connection.request(method, path, body, self._headers(body))
            return self._read(connection.getresponse())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._aborted or _failure(error) from None
        finally:
            self._watchdog.cancel()
            with self._lock:
                self._socket = None
            connection.close()

    def _connect(self, hosts: list[str]) -> socket.socket:
        failure: WireError = WireUnreachable("NoAddress")
        for host in hosts:
            try:
                plain = socket.create_connection(
                    (host, self._address.port), min(_CONNECT_SECONDS, self._left())
                )
            except OSError as error:
                failure = WireUnreachable(type(error).__name__)
                continue
            self._keep(plain)
            if self._address.scheme == "https":
                return self._secured(plain)
            return plain
        raise self._aborted or failure

    def _secured(self, plain: socket.socket) -> socket.socket:
        secured = _tls().wrap_socket(
            plain, server_hostname=self._address.host, do_handshake_on_connect=False
        )
        # Kept first, so that a handshake that never ends can be broken off.
        self._keep(secured)
        secured.do_handshake()
        return secured

    def _keep(self, connected: socket.socket) -> None:
        with self._lock:
            self._socket = connected
            if self._aborted is not None:
                connected.close()
                raise self._aborted
        connected.settimeout(self._left())

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._aborted or WireTimeout("TimeoutError")
        return left

    def _headers(self, body: bytes | None) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": "cyberbrain",
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._address.authorization is not None:
            headers["Authorization"] = self._address.authorization
        return headers

    def _read(self, response: http.client.HTTPResponse) -> WireAnswer:
        chunks: list[bytes] = []
        size = 0
        while chunk := response.read1(_CHUNK):
            size += len(chunk)
            if size > MAX_BODY:
                raise WireTooLarge("AnswerTooLarge")
            chunks.append(chunk)
        if self._aborted is not None:
            raise self._aborted
        if response.length:
            raise WireError("IncompleteRead")
        headers = {name.lower(): value for name, value in response.getheaders()}
        return WireAnswer(response.status, headers, b"".join(chunks))


def _failure(error: Exception) -> WireError:
    name = type(error).__name__
    return WireTimeout(name) if isinstance(error, TimeoutError) else WireError(name)


def _shut(connected: socket.socket) -> None:
    try:
        # Not the method of a TLS socket, which would pull its state from under the reader.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        return


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
