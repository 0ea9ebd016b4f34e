"""The server for scrapers, and clients that mean it no good."""

from __future__ import annotations

import gzip
import http.client
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cyberbrain_cli.adapters import metrics_server
from cyberbrain_cli.adapters.metrics_pages import Page
from cyberbrain_cli.adapters.metrics_server import MOST_CONNECTIONS, ServerSettings, serving
from cyberbrain_cli.core.errors import PolicyRefused, Unavailable, UsageError

BODY = b"figures\n" * 1000
ANY_PORT = ServerSettings("127.0.0.1", 0)


def page(accept: str) -> Page:
    return Page("200 OK", accept or "text/plain", BODY)


def gone(_: str) -> Page:
    raise Unavailable("The database is gone.")


def broken(_: str) -> Page:
    raise ValueError("t0psecret")


@contextmanager
def served(settings: ServerSettings = ANY_PORT) -> Iterator[tuple[str, int]]:
    with serving(settings, {"/metrics": page, "/gone": gone, "/broken": broken}) as url:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        yield parts.hostname, parts.port


def ask(
    place: tuple[str, int], method: str = "GET", path: str = "/metrics", **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(*place, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    answer = connection.getresponse()
    found = answer.status, answer.headers, answer.read()
    connection.close()
    return found


def test_each_kind_of_request_has_its_answer(capfd: pytest.CaptureFixture[str]) -> None:
    with served() as place:
        assert ask(place)[::2] == (200, BODY)
        assert ask(place, path="/metrics?name[]=x")[::2] == (200, BODY)
        status, headers, body = ask(place, "HEAD")
        assert (status, headers["Content-Length"], body) == (200, str(len(BODY)), b"")
        assert ask(place, path="/metrics/nothing")[0] == 404
        assert ask(place, path="/../metrics")[0] == 404
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"):
            status, headers, _ = ask(place, method)
            assert (status, headers["Allow"]) == (405, "GET, HEAD")
        assert ask(place, path="/gone")[::2] == (503, b"The database is gone.\n")
        assert ask(place, path="/broken")[::2] == (500, b"This is a bug.\n")
        assert ask(place)[0] == 200
    assert capfd.readouterr().err == ""


def test_a_page_is_compressed_for_those_who_take_it() -> None:
    with served() as place:
        for accepted in ("gzip", "deflate, GZIP;q=0.5", "br;q=1.0, gzip ; q=0.8"):
            _, headers, body = ask(place, Accept_Encoding=accepted)
            assert headers["Content-Encoding"] == "gzip"
            assert (gzip.decompress(body), int(headers["Content-Length"])) == (BODY, len(body))
        for accepted in ("", "identity", "gzip;q=0", "xgzip"):
            _, headers, body = ask(place, Accept_Encoding=accepted)
            assert (headers["Content-Encoding"], body) == (None, BODY)


def test_a_client_that_dawdles_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "REQUEST_SECONDS", 0.5)
    with served() as place, socket.create_connection(place, timeout=20) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\n")
        ended = threading.Event()

        def dawdle() -> None:
            while not ended.wait(0.05):
                try:
                    client.sendall(b"X: y\r\n")
                except OSError:
                    return

        thread = threading.Thread(target=dawdle)
        thread.start()
        try:
            assert client.recv(1) == b""
        except ConnectionResetError:
            pass
        finally:
            ended.set()
            thread.join()
        assert ask(place)[0] == 200


def test_many_that_say_nothing_leave_room_for_one_that_does() -> None:
    before = threading.active_count()
    with served() as place, ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(place, timeout=20))
            for _ in range(MOST_CONNECTIONS * 4)
        ]
        assert ask(place)[0] == 200
        assert silent[0].recv(1) == b""
        assert threading.active_count() - before <= 2 * MOST_CONNECTIONS + 2


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_address_of_the_new_kind(host: str) -> None:
    with serving(ServerSettings(host, 0), {"/metrics": page}) as url:
        assert url.startswith("http://[::1]:")
        assert ask(("::1", urlsplit(url).port or 0))[0] == 200


@pytest.mark.parametrize("host", ["192.0.2.1", "nosuch.invalid", "", "a" * 300 + ".b", "fe80::1"])
def test_an_address_that_is_not_ours_is_said(host: str) -> None:
    with pytest.raises(UsageError, match="Cannot listen on"), served(ServerSettings(host, 0)):
        pass


def certificate(folder: Path, *, passphrase: str | None = None) -> tuple[Path, Path]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    how = ["-nodes"] if passphrase is None else ["-passout", f"pass:{passphrase}"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", *how,
         "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, cert


def test_tls_ends_well_and_is_not_held_up_by_those_who_do_not_speak_it(tmp_path: Path) -> None:
    key, cert = certificate(tmp_path)
    settings = ServerSettings("127.0.0.1", 0, tls_cert=cert, tls_key=key)
    context = ssl.create_default_context(cafile=str(cert))
    context.check_hostname = False
    with served(settings) as place, socket.create_connection(place) as silent:
        silent.sendall(b"\x16\x03\x01")
        with socket.create_connection(place) as plain:
            plain.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            assert b"figures" not in plain.recv(1000)
        for _ in range(3):
            connection = http.client.HTTPSConnection(*place, timeout=20, context=context)
            connection.request("GET", "/metrics")
            assert connection.getresponse().read() == BODY
            connection.close()


def test_a_key_with_a_passphrase_asks_nobody(tmp_path: Path) -> None:
    key, cert = certificate(tmp_path, passphrase="t0psecret")
    with (
        pytest.raises(UsageError, match="cannot be used"),
        served(ServerSettings("127.0.0.1", 0, tls_cert=cert, tls_key=key)),
    ):
        pass


@pytest.mark.parametrize("line", ["", "user", "user:", ":word", "a:b\nc:d"])
def test_a_password_file_is_one_line_of_user_and_password(tmp_path: Path, line: str) -> None:
    path = tmp_path / "password"
    path.write_text(line)
    path.chmod(0o600)
    settings = ServerSettings("127.0.0.1", 0, basic_auth_file=path)
    with pytest.raises(UsageError, match="one line"), served(settings):
        pass
    path.chmod(0o640)
    with pytest.raises(PolicyRefused, match="Others can read"), served(settings):
        pass


def test_a_password_is_asked_for_on_every_path(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("jürgen:s3cret:wörd\n", encoding="utf-8")
    path.chmod(0o600)
    right = "asO8cmdlbjpzM2NyZXQ6d8O2cmQ="
    with served(ServerSettings("127.0.0.1", 0, basic_auth_file=path)) as place:
        for path_ in ("/metrics", "/gone", "/nothing"):
            status, headers, _ = ask(place, path=path_)
            assert (status, headers["WWW-Authenticate"]) == (401, 'Basic realm="cyberbrain"')
        for told in (f"Bearer {right}", "Basic", f"Basic {right[:-1]}", "Basic \xff", right):
            assert ask(place, Authorization=told)[0] == 401
        for told in (f"Basic {right}", f"basic  {right}"):
            assert ask(place, Authorization=told)[0] == 200
