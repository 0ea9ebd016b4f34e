"""An HTTP server for scrapers: a few pages that are made when they are asked for."""

from __future__ import annotations

import base64
import hmac
import ssl
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from cyberbrain_cli.core.errors import CyberbrainError, PolicyRefused, UsageError

REQUEST_SECONDS = 30
"""A client that says nothing for so long is hung up on."""

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its HTTP status with its reason, media type and body."""

    status: str
    media_type: str
    body: bytes


Pages = Mapping[str, Callable[[str], Page]]
"""By path, what makes the answer to a request that accepts such media types."""


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
    credentials = _credentials(settings.basic_auth_file)
    server = _listen(settings)
    server.set_app(_application(pages, credentials))
    scheme = "http"
    if settings.tls_cert is not None:
        server.tls = _tls(settings.tls_cert, settings.tls_key)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        yield f"{scheme}://{host}:{server.server_port}"
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


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False
    tls: ssl.SSLContext | None = None

    def server_bind(self) -> None:
        """Bind without asking a name server for our own name."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Speak TLS in the request's own thread: a slow handshake holds up nobody else."""
        request.settimeout(REQUEST_SECONDS)
        if self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or speaks no TLS, is no event either."""


def _listen(settings: ServerSettings) -> _Server:
    kind = type("_V6", (_Server,), {"address_family": 10}) if ":" in settings.host else _Server
    try:
        server: _Server = kind((settings.host, settings.port), _Handler)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"Cannot listen on {settings.host}:{settings.port}: "
            f"{getattr(error, 'strerror', None) or error}.",
            "Choose another --port, or end what listens there.",
        ) from None
    return server


def _tls(cert: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        what = getattr(error, "strerror", None) or getattr(error, "reason", None) or "not PEM"
        raise UsageError(
            f"The certificate {cert} or its key cannot be used: {what}.",
            "Both are PEM files, and the key is the certificate's.",
        ) from None
    return context


def _credentials(path: Path | None) -> bytes | None:
    """The one line `user:password`, as a client sends it."""
    if path is None:
        return None
    try:
        mode = path.stat().st_mode
        line = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}."
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PolicyRefused(f"Others can read the password in {path}.", f"chmod 600 {path}")
    user, colon, password = line.partition(":")
    if not (user and colon and password) or "\n" in line:
        raise UsageError(f"{path} is not one line of user:password.")
    return base64.b64encode(line.encode())


def _application(pages: Pages, credentials: bytes | None) -> Callable[..., Iterable[bytes]]:
    def application(environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        page, extra = _answer(pages, credentials, environ)
        headers = [("Content-Type", page.media_type), ("Content-Length", str(len(page.body)))]
        start(page.status, [*headers, *extra])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [page.body]

    return application


def _answer(
    pages: Pages, credentials: bytes | None, environ: Mapping[str, Any]
) -> tuple[Page, list[tuple[str, str]]]:
    given = str(environ.get("HTTP_AUTHORIZATION", "")).encode("utf-8", "replace")
    if credentials is not None and not hmac.compare_digest(given, b"Basic " + credentials):
        challenge = ("WWW-Authenticate", 'Basic realm="cyberbrain"')
        return _plain("401 Unauthorized", "Who are you?"), [challenge]
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return _plain("405 Method Not Allowed", "Only GET."), [("Allow", "GET, HEAD")]
    make = pages.get(str(environ.get("PATH_INFO")))
    if make is None:
        return _plain("404 Not Found", f"There are {', '.join(pages)}."), []
    try:
        return make(str(environ.get("HTTP_ACCEPT", ""))), []
    except CyberbrainError as error:
        return _plain("503 Service Unavailable", error.message), []


def _plain(status: str, text: str) -> Page:
    return Page(status, "text/plain; charset=utf-8", f"{text}\n".encode())
