"""An HTTP server for scrapers, which no client holds up, fills up or keeps from ending."""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from cyberbrain_cli.adapters.metrics_pages import Pages, application, credentials_of
from cyberbrain_cli.core.errors import UsageError

REQUEST_SECONDS = 30
"""A client is hung up on after so long, however busily it dawdles."""

MOST_CONNECTIONS = 64
"""Of more at once the oldest are hung up on."""

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where to listen, and for whom. `port` 0 takes any that is free."""

    host: str
    port: int
    tls_cert: Path | None = None
    tls_key: Path | None = None
    basic_auth_file: Path | None = None


@contextmanager
def serving(settings: ServerSettings, pages: Pages) -> Iterator[str]:
    """Serve the pages from other threads; the server's URL.

    Raises UsageError for files that cannot be used and for an address that is taken,
    PolicyRefused for a password file that others can read.
    """
    credentials = credentials_of(settings.basic_auth_file)
    tls = _tls(settings.tls_cert, settings.tls_key) if settings.tls_cert is not None else None
    server = _listen(settings)
    server.tls = tls
    server.set_app(application(pages, credentials))
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        host = f"[{server.server_name}]" if ":" in server.server_name else settings.host
        yield f"{'http' if tls is None else 'https'}://{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(WSGIRequestHandler):
    timeout = REQUEST_SECONDS

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the library's name
        """Nothing: a scrape is no event."""

    def address_string(self) -> str:
        """The address as it is; its name is nobody's business and takes long to find."""
        return str(self.client_address[0])

    def get_stderr(self) -> Any:
        """Nowhere: a client that was hung up on is not worth the traceback."""
        return io.StringIO()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST_CONNECTIONS
    tls: ssl.SSLContext | None = None

    def __init__(self, *arguments: Any) -> None:
        self._since: dict[Any, float] = {}
        self._changing = threading.Lock()
        super().__init__(*arguments)

    def server_bind(self) -> None:
        """Bind without asking a name server for our own name."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def get_request(self) -> Any:
        """Shake hands for TLS later, in the request's own thread: a slow one holds up nobody."""
        request, address = super().get_request()
        if self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        with self._changing:
            self._since[request] = time.monotonic()
        return request, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room: some may have been hung up on and still be at work."""
        del request, client_address
        return len(self._since) <= 2 * MOST_CONNECTIONS

    def service_actions(self) -> None:
        """After each connection, and several times a second: let go of the slow and the many."""
        latest = time.monotonic() - REQUEST_SECONDS
        with self._changing:
            excess = len(self._since) - MOST_CONNECTIONS
            for number, (request, since) in enumerate(self._since.items()):
                if number < excess or since < latest:
                    # The request's thread still reads from it, and will find that it has ended.
                    with suppress(OSError):
                        socket.socket.shutdown(request, socket.SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:
        """Hang up."""
        with self._changing:
            self._since.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or speaks no TLS, is no event either."""


def _listen(settings: ServerSettings) -> _Server:
    host = settings.host.removeprefix("[").removesuffix("]")
    if not host:  # Python would take it for every address there is
        raise UsageError("Cannot listen on no address.", "For all there are: --host 0.0.0.0 or ::.")
    v6 = {"address_family": socket.AF_INET6} if ":" in host else {}
    try:
        server: _Server = type("_Listening", (_Server,), v6)((host, settings.port), _Handler)
    except (OSError, OverflowError, UnicodeError) as error:
        raise UsageError(
            f"Cannot listen on {settings.host}:{settings.port}: "
            f"{getattr(error, 'strerror', None) or 'no such address'}.",
            "Choose another --port or --host, or end what listens there.",
        ) from None
    return server


def _tls(cert: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key, password="")  # or OpenSSL asks the terminal
    except (OSError, ssl.SSLError) as error:
        what = getattr(error, "strerror", None) or getattr(error, "reason", None) or "not PEM"
        raise UsageError(
            f"The certificate {cert} or its key cannot be used: {what}.",
            "Both are PEM files, the key is the certificate's and has no passphrase.",
        ) from None
    return context
