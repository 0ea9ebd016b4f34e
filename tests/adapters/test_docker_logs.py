"""Reading real logs of a real daemon, over its socket and through the SDK."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker import DockerClient
from docker.types import LogConfig

from cyberbrain_cli.adapters.docker_host import DockerHost
from cyberbrain_cli.core.errors import DockerUnavailable, LogsUnreadable, NotFound
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.records import ContainerInfo
from tests.adapters.tcp_proxy import tcp_proxy
from tests.conftest import RunContainer

Line = tuple[int, str, bytes]
Read = Callable[..., list[Line]]


@pytest.fixture(params=["socket", "sdk"])
def host(request: pytest.FixtureRequest, docker_host: str) -> Iterator[DockerHost]:
    """The daemon by both ways of reading: its socket, and TCP."""
    if request.param == "socket":
        reader = DockerHost(docker_host, 30)
        yield reader
        reader.close()
        return
    with tcp_proxy(docker_host.removeprefix("unix://")) as url:
        reader = DockerHost(url, 30)
        yield reader
        reader.close()


@pytest.fixture
def read(host: DockerHost) -> Read:
    """The lines of a container within a window, up to now unless told otherwise."""

    def lines(name: str, after: int | None = None, until: int | None = None) -> list[Line]:
        window = Window(after, host.now_ns() if until is None else until)
        return [
            line
            for batch in host.read_logs(host.inspect(name), window)
            for line in zip(batch.times, batch.streams, batch.lines, strict=True)
        ]

    return lines


def texts(lines: list[Line], stream: str | None = None) -> list[bytes]:
    return [text for _, of, text in lines if stream in (None, of)]


def test_both_streams_with_their_lines_in_order(read: Read, run_container: RunContainer) -> None:
    name = run_container("for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf 'no end'")
    lines = read(name)
    assert texts(lines, "stdout") == [b"out 1", b"out 2", b"out 3", b"no end"]
    assert texts(lines, "stderr") == [b"err 1", b"err 2", b"err 3"]


def test_a_terminal_has_one_stream_and_no_line_ends(
    read: Read, run_container: RunContainer
) -> None:
    name = run_container("echo hello; echo world >&2", tty=True)
    assert read(name)
    assert texts(read(name)) == [b"hello", b"world"]


@pytest.mark.parametrize("tty", [False, True])
def test_long_lines_are_whole_again(read: Read, run_container: RunContainer, tty: bool) -> None:
    script = (
        "for n in 16383 16384 16385 40000 500000; do head -c $n /dev/zero | tr '\\0' x; echo; done"
    )
    lines = read(run_container(script, tty=tty))
    assert [len(text) for text in texts(lines)] == [16383, 16384, 16385, 40000, 500000]
    assert {bytes(set(text)) for text in texts(lines)} == {b"x"}


def test_bounds_are_exact_to_the_nanosecond(read: Read, run_container: RunContainer) -> None:
    name = run_container("for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done")
    times = [time for time, _, _ in read(name)]
    assert texts(read(name, after=times[2], until=times[5])) == [b"line 4", b"line 5", b"line 6"]
    assert texts(read(name, after=times[2] - 1, until=times[5] - 1)) == [
        b"line 3", b"line 4", b"line 5",
    ]  # fmt: skip
    assert read(name, after=times[-1]) == []


def test_windows_over_a_container_that_keeps_writing_have_every_line_once(
    read: Read, host: DockerHost, run_container: RunContainer
) -> None:
    script = "i=0; while [ $i -lt 3000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done"
    name = run_container(script, wait=False)
    found: list[Line] = []
    after: int | None = None
    while host.inspect(name).state == "running":
        until = host.now_ns() - 100_000_000
        found += read(name, after, until)
        after = until
    found += read(name, after)
    expected = [
        f"{stream} {number}".encode() for number in range(3000) for stream in ("out", "err")
    ]
    assert sorted(texts(found)) == sorted(expected)


def test_an_empty_log_is_empty(read: Read, host: DockerHost, run_container: RunContainer) -> None:
    name = run_container("true")
    assert read(name) == []
    assert host.first_log_time(host.inspect(name)) is None


def test_what_was_rotated_away_shows_in_the_oldest_time(
    read: Read, host: DockerHost, run_container: RunContainer
) -> None:
    config = LogConfig(type="json-file", config={"max-size": "10k", "max-file": "2"})
    name = run_container(
        "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done", log_config=config
    )
    lines = read(name)
    assert texts(lines)[-1] == b"line 1999"
    assert texts(lines)[0] != b"line 0"
    assert host.first_log_time(host.inspect(name)) == lines[0][0]


def test_a_driver_that_keeps_nothing_is_said(
    read: Read, host: DockerHost, run_container: RunContainer
) -> None:
    name = run_container("echo gone", log_config=LogConfig(type="none"))
    assert host.inspect(name).log_driver == "none"
    with pytest.raises(LogsUnreadable, match="log driver"):
        read(name)


def test_a_container_that_is_gone_is_said(
    host: DockerHost, run_container: RunContainer, docker_client: DockerClient
) -> None:
    with pytest.raises(NotFound):
        host.inspect("nobody-of-this-name")
    gone = ContainerInfo("f" * 64, "gone", "", "exited")
    with pytest.raises(NotFound):
        list(host.read_logs(gone, Window(None, host.now_ns())))


def test_what_inspecting_tells(host: DockerHost, run_container: RunContainer) -> None:
    name = run_container("exit 3", labels={"com.docker.compose.project": "shop", "x": "[red]"})
    found = host.inspect(name)
    assert (found.name, found.state, found.exit_code, found.tty) == (name, "exited", 3, False)
    assert found.compose_project == "shop"
    assert found.finished_at is not None
    assert found.created_at is not None
    assert found.finished_at >= found.created_at
    assert name in [container.name for container in host.containers()]


HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"
PROMISE = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
FRAME = b"\x01\0\0\0\0\0\0\x26" + b"2026-11-23T03:00:00.000000001Z hello w\n"


@contextmanager
def dying_daemon(path: Path) -> Iterator[None]:
    """A daemon that answers both requests of a reader, begins the log, and goes away."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def serve() -> None:
        kept = []
        for _ in range(2):
            connection, _ = server.accept()
            kept.append(connection)
            asked = connection.recv(65536)
            connection.sendall(PROMISE if b"/events" in asked else HEAD + FRAME)
        for connection in kept:
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    thread.join(10)
    server.close()


def test_a_daemon_that_dies_in_the_middle_is_never_a_short_log(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    container = ContainerInfo("a" * 64, "db", "", "running")
    with dying_daemon(path):
        host = DockerHost(f"unix://{path}", 5)
        stream = host.read_logs(container, Window(None, 1 << 62))
        with pytest.raises(DockerUnavailable):
            list(stream)


@pytest.mark.parametrize(
    ("url", "hint"),
    [("unix:///nowhere/docker.sock", "systemctl"), ("tcp://127.0.0.1:9", "DOCKER_HOST")],
)
def test_no_daemon_is_said_with_what_to_do(url: str, hint: str) -> None:
    host = DockerHost(url, 5)
    with pytest.raises(DockerUnavailable) as unreachable:
        host.containers()
    assert url in unreachable.value.message
    assert hint in unreachable.value.hint
    assert json.dumps(unreachable.value.message)
