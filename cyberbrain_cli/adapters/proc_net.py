"""The kernel's tables of sockets, as /proc/PID/net shows them: text to records. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

LISTEN = 0x0A
ESTABLISHED = 0x01
_TALKING = frozenset({ESTABLISHED, 0x04, 0x05, 0x06, 0x08, 0x09, 0x0B})
"""Established, and the ways in which a connection ends; not the attempts to make one."""
_UNIX_LISTENING = 1 << 16
_UNIX_CONNECTED = 3
_LEAF = re.compile(r"\|-- (\S+)$")


@dataclass(frozen=True, slots=True)
class TcpRow:
    """A TCP socket. `inode` is 0 for one that has no owner any more."""

    local_address: str
    local_port: int
    remote_address: str
    remote_port: int
    state: int
    inode: int

    @property
    def listening(self) -> bool:
        """Whether it waits for connections."""
        return self.state == LISTEN

    @property
    def talking(self) -> bool:
        """Whether it is or was a moment ago connected to somebody."""
        return self.state in _TALKING


@dataclass(frozen=True, slots=True)
class UnixRow:
    """A Unix socket with a path."""

    path: str
    inode: int
    listening: bool
    connected: bool


def tcp_rows(table: str) -> Iterator[TcpRow]:
    """The sockets in the text of `tcp` or `tcp6`. What is not a socket is passed over."""
    for line in table.splitlines():
        fields = line.split()
        if len(fields) < 10 or not fields[0].endswith(":"):
            continue
        try:
            local, remote = _endpoint(fields[1]), _endpoint(fields[2])
            yield TcpRow(*local, *remote, state=int(fields[3], 16), inode=int(fields[9]))
        except ValueError:
            continue


def unix_rows(table: str) -> Iterator[UnixRow]:
    """The sockets with a path in the text of `unix`."""
    for line in table.splitlines():
        fields = line.split(maxsplit=7)
        if len(fields) < 8 or not fields[7].startswith("/"):
            continue
        try:
            listening = bool(int(fields[3], 16) & _UNIX_LISTENING)
            connected = int(fields[5], 16) == _UNIX_CONNECTED
            yield UnixRow(fields[7], int(fields[6]), listening, connected)
        except ValueError:
            continue


def own_addresses(fib_trie: str, if_inet6: str) -> tuple[str, ...]:
    """The addresses of a machine, loopback aside, from `fib_trie` and `if_inet6`."""
    found = [*_local_v4(fib_trie.splitlines()), *_local_v6(if_inet6.splitlines())]
    return tuple(dict.fromkeys(found))


def _local_v4(lines: Iterable[str]) -> Iterator[str]:
    address = ""
    for line in lines:
        if match := _LEAF.search(line):
            address = match[1]
        elif line.strip() == "/32 host LOCAL" and not address.startswith("127."):
            yield address


def _local_v6(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        digits = line.partition(" ")[0]
        if len(digits) == 32:
            try:
                address = IPv6Address(int(digits, 16))
            except ValueError:
                continue
            if not address.is_loopback and not address.is_link_local:
                yield str(address)


def _endpoint(text: str) -> tuple[str, int]:
    """Address and port; the kernel writes addresses as 32-bit words in the machine's order."""
    digits, _, port = text.partition(":")
    raw = bytes.fromhex(digits)
    words = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    if len(words) == 4:
        return str(IPv4Address(words)), int(port, 16)
    address = IPv6Address(words)
    return str(address.ipv4_mapped or address), int(port, 16)
