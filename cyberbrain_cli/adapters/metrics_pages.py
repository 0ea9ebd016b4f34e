"""What the server for scrapers answers, and to whom."""

from __future__ import annotations

import base64
import gzip
import hmac
import logging
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyberbrain_cli.core.errors import CyberbrainError, PolicyRefused, UsageError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its HTTP status with its reason, media type and body."""

    status: str
    media_type: str
    body: bytes


Pages = Mapping[str, Callable[[str], Page]]
"""By path, what makes the answer to a request that accepts such media types."""


def credentials_of(path: Path | None) -> bytes | None:
    """The file's one line `user:password`, as a client sends it.

    Raises UsageError for what is no such file, PolicyRefused where others can read it.
    """
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


def application(pages: Pages, credentials: bytes | None) -> Any:
    """What answers every request, as WSGI has it."""

    def answered(environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        page, headers = _answer(pages, credentials, environ)
        body = page.body
        if _takes_gzip(str(environ.get("HTTP_ACCEPT_ENCODING", ""))):
            body = gzip.compress(body, compresslevel=1)
            headers = [*headers, ("Content-Encoding", "gzip")]
        about = [
            ("Content-Type", page.media_type),
            ("Content-Length", str(len(body))),
            ("Vary", "Accept, Accept-Encoding"),
            ("Cache-Control", "no-store"),
        ]
        start(page.status, [*about, *headers])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answered


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        coding, _, quality = part.partition(";")
        if coding.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _answer(
    pages: Pages, credentials: bytes | None, environ: Mapping[str, Any]
) -> tuple[Page, list[tuple[str, str]]]:
    if credentials is not None and not _may(
        str(environ.get("HTTP_AUTHORIZATION", "")), credentials
    ):
        challenge = ("WWW-Authenticate", 'Basic realm="cyberbrain"')
        return _plain("401 Unauthorized", "Who are you?"), [challenge]
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return _plain("405 Method Not Allowed", "Only GET."), [("Allow", "GET, HEAD")]
    path = str(environ.get("PATH_INFO"))
    make = pages.get(path)
    if make is None:
        return _plain("404 Not Found", f"There are {', '.join(pages)}."), []
    try:
        return make(str(environ.get("HTTP_ACCEPT", ""))), []
    except CyberbrainError as error:
        return _plain("503 Service Unavailable", error.message), []
    except Exception:  # noqa: BLE001 - a page that fails must not end the server or print
        _log.exception("%s could not be made", path)
        return _plain("500 Internal Server Error", "This is a bug."), []


def _may(given: str, credentials: bytes) -> bool:
    scheme, _, told = given.partition(" ")
    right = hmac.compare_digest(told.strip().encode("utf-8", "replace"), credentials)
    return right and scheme.lower() == "basic"


def _plain(status: str, text: str) -> Page:
    return Page(status, "text/plain; charset=utf-8", f"{text}\n".encode())
