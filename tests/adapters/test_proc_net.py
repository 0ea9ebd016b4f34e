"""The kernel's tables of sockets, and what may not be read of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberbrain_cli.adapters import proc_net
from cyberbrain_cli.adapters.container_sockets import SocketReader, Unreadable
from cyberbrain_cli.core.records import TcpConnection, UnixConnections

ID = "3f1c" * 16
HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
REST = "00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0 100 0 0 10 0\n"
V4 = f"   0: 0300000A:1F40 0200000A:9C40 01 {REST.format(inode=77)}"
GONE = f"   1: 0300000A:1F40 0200000A:9C41 06 {REST.format(inode=0)}"
LISTENS = f"   2: 00000000:1538 00000000:0000 0A {REST.format(inode=78)}"
NAMES = f"   3: 0B00007F:B9A3 00000000:0000 0A {REST.format(inode=79)}"
ASKS = f"   4: 0300000A:9C42 0400000A:1538 02 {REST.format(inode=80)}"
MAPPED = (
    f"   0: 0000000000000000FFFF00000300000A:1F41 0000000000000000FFFF00000200000A:9C43 01 "
    f"{REST.format(inode=81)}"
)
V6 = (
    f"   1: 000000FD000000000000000007000000:1F42 000000FD000000000000000008000000:9C44 08 "
    f"{REST.format(inode=82)}"
)
UNIX = (
    "Num       RefCount Protocol Flags    Type St Inode Path\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 91 /run/a b.sock\n"
    "0000000000000000: 00000003 00000000 00000000 0001 03 92 /run/other.sock\n"
    "0000000000000000: 00000003 00000000 00000000 0001 03 93 /run/other.sock\n"
    "0000000000000000: 00000003 00000000 00000000 0001 03 94\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 95 @abstract\n"
)


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A machine on which process 7 is the container's first, and 9 another of its."""
    for pid in ("7", "9"):
        (tmp_path / pid / "fd").mkdir(parents=True)
        (tmp_path / pid / "net").mkdir()
        (tmp_path / pid / "cgroup").write_text(f"0::/system.slice/docker-{ID}.scope\n")
    (tmp_path / "7/net/tcp").write_text(HEADER + V4 + GONE + LISTENS + NAMES + ASKS)
    (tmp_path / "7/net/tcp6").write_text(HEADER + MAPPED + V6)
    (tmp_path / "7/net/unix").write_text(UNIX)
    (tmp_path / "7/fd/3").symlink_to("socket:[78]")
    (tmp_path / "9/fd/4").symlink_to("socket:[91]")
    (tmp_path / "9/fd/5").symlink_to("/dev/null")
    return tmp_path


def test_all_that_is_open(proc: Path) -> None:
    found = SocketReader(proc).read(ID, 7, shared=False)
    assert found.listening == (0x1538,), "the daemon's name server is not the container's"
    assert found.connections == (
        TcpConnection("10.0.0.3", 8000, "10.0.0.2", 0x9C40),
        TcpConnection("10.0.0.3", 8000, "10.0.0.2", 0x9C41, closed=True),
        TcpConnection("10.0.0.3", 8001, "10.0.0.2", 0x9C43),
        TcpConnection("fd00::7", 8002, "fd00::8", 0x9C44, closed=True),
    )
    assert found.unix_listening == ("/run/a b.sock",)
    assert found.unix_connections == (UnixConnections("/run/other.sock", 2),)


def test_in_a_shared_namespace_only_its_own(proc: Path) -> None:
    found = SocketReader(proc).read(ID, 7, shared=True)
    assert (found.listening, found.connections) == ((0x1538,), ())
    assert found.unix_listening == ("/run/a b.sock",)


def test_a_process_that_is_not_the_containers_is_not_read(proc: Path) -> None:
    for what in ("0::/docker/another\n", ""):
        (proc / "7/cgroup").write_text(what)
        with pytest.raises(Unreadable, match="the daemon runs on another machine"):
            SocketReader(proc).read(ID, 7, shared=False)
    with pytest.raises(Unreadable, match="the daemon runs on another machine"):
        SocketReader(proc).read(ID, 8, shared=False)
    with pytest.raises(Unreadable, match="it has no process"):
        SocketReader(proc).read(ID, 0, shared=False)


def test_a_kernel_without_ipv6(proc: Path) -> None:
    (proc / "7/net/tcp6").unlink()
    assert len(SocketReader(proc).read(ID, 7, shared=False).connections) == 2


def test_the_machines_own_addresses() -> None:
    trie = (
        "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 127.0.0.1\n        /32 host LOCAL\n"
        "     |-- 192.168.1.10\n        /32 host LOCAL\n     |-- 192.168.1.255\n"
        "        /32 link BROADCAST\n     |-- 192.168.1.10\n        /32 host LOCAL\n"
    )
    inet6 = (
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fe800000000000000000000000000001 02 40 20 80     eth0\n"
        "fd000000000000000000000000000010 02 40 00 80     eth0\nnonsense\n"
    )
    assert proc_net.own_addresses(trie, inet6) == ("192.168.1.10", "fd00::10")


@given(st.text() | st.text(alphabet="0123456789ABCDEFabcdef: /\n@", max_size=400))
def test_whatever_stands_there_is_read_or_passed_over(text: str) -> None:
    for row in proc_net.tcp_rows(text):
        assert row.local_port >= 0
    for unix in proc_net.unix_rows(text):
        assert unix.path.startswith("/")
    proc_net.own_addresses(text, text)


@given(st.lists(st.integers(0, 255), min_size=11, max_size=11), st.integers(0, 65535))
def test_what_looks_like_a_socket_and_is_none(numbers: list[int], port: int) -> None:
    line = " ".join([f"{numbers[0]}:", *(f"{number:02X}:{port:04X}" for number in numbers)])
    assert list(proc_net.tcp_rows(line)) == []
