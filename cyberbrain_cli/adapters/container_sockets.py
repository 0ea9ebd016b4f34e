"""What is open in a container, from /proc of the machine that both run on. Runs no program.

A process is only believed to be a container's when the kernel itself says so: the daemon may be
on another machine, or see other process ids than we do.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cyberbrain_cli.adapters import proc_net
from cyberbrain_cli.adapters.proc_net import ESTABLISHED, TcpRow, UnixRow
from cyberbrain_cli.core.records import Sockets, TcpConnection, UnixConnections

MOST_CONNECTIONS = 20_000
"""Of one container; further ones are not looked at."""
MOST_PATHS = 1000
"""Unix sockets of one container; nobody has more, and their names are hostile input."""

_NAMES = "127.0.0.11"
"""Where the daemon itself answers for names, inside of the container's namespace."""
_SOCKET = re.compile(r"socket:\[(\d+)\]")
_PROC = Path("/proc")
_ELSEWHERE = "its processes cannot be seen from here: the daemon runs on another machine"


class Unreadable(Exception):
    """The sockets cannot be read; the message says why, in half a sentence."""


@dataclass(frozen=True, slots=True)
class SocketReader:
    """Reads the sockets of containers on the machine whose processes `proc` shows."""

    proc: Path = _PROC

    def read(self, container_id: str, pid: int, *, shared: bool) -> Sockets:
        """What is open in the container whose first process is `pid`. Raises Unreadable.

        In a network namespace that is `shared` with others only the container's own sockets
        are told, which takes the right to look at its processes.
        """
        if pid <= 0:
            raise Unreadable("it has no process")
        with _told(), _folder(self.proc / str(pid)) as process:
            if not _belongs(process, container_id):
                raise Unreadable(_ELSEWHERE)
            tcp = [*proc_net.tcp_rows(_read(process, "net/tcp"))]
            tcp += proc_net.tcp_rows(_read(process, "net/tcp6", absent=""))
            unix = [*proc_net.unix_rows(_read(process, "net/unix", absent=""))]
        if shared:
            own = self._inodes(container_id)
            tcp = [row for row in tcp if row.inode in own]
            unix = [row for row in unix if row.inode in own or not row.listening]
        return _sockets(tcp, unix)

    def host_addresses(self) -> tuple[str, ...]:
        """The addresses of this machine; none where they cannot be read."""
        try:
            with _folder(self.proc / "self") as process:
                return proc_net.own_addresses(
                    _read(process, "net/fib_trie", absent=""),
                    _read(process, "net/if_inet6", absent=""),
                )
        except OSError:
            return ()

    def _inodes(self, container_id: str) -> set[int]:
        """The sockets that the container's processes hold. Raises Unreadable."""
        with _told():
            processes = [
                entry
                for entry in self.proc.iterdir()
                if entry.name.isdecimal() and container_id in _cgroup(entry)
            ]
        found: set[int] = set()
        for process in processes:
            try:
                for link in (process / "fd").iterdir():
                    if match := _SOCKET.fullmatch(str(link.readlink())):
                        found.add(int(match[1]))
            except PermissionError:
                raise Unreadable(
                    "it shares its network with others, and telling its connections from theirs "
                    "takes the right to look at its processes (run as root)"
                ) from None
            except OSError:
                continue  # it ended meanwhile, or closed the file
        return found


def _sockets(tcp: list[TcpRow], unix: list[UnixRow]) -> Sockets:
    clients = Counter(row.path for row in unix if row.connected and not row.listening)
    talking = [row for row in tcp if row.talking]
    return Sockets(
        listening=tuple(
            sorted({row.local_port for row in tcp if row.listening and row.local_address != _NAMES})
        ),
        connections=tuple(
            TcpConnection(
                row.local_address,
                row.local_port,
                row.remote_address,
                row.remote_port,
                closed=row.state != ESTABLISHED,
            )
            for row in talking[:MOST_CONNECTIONS]
        ),
        connections_left_out=max(0, len(talking) - MOST_CONNECTIONS),
        unix_listening=tuple(sorted({row.path for row in unix if row.listening})[:MOST_PATHS]),
        unix_connections=tuple(
            UnixConnections(path, clients[path]) for path in sorted(clients)[:MOST_PATHS]
        ),
    )


def _belongs(process: int, container_id: str) -> bool:
    """Whether the kernel names the container in the process's control groups or mounts."""
    return any(container_id in _read(process, name, absent="") for name in ("cgroup", "mountinfo"))


def _cgroup(process: Path) -> str:
    try:
        return (process / "cgroup").read_text(errors="replace")
    except OSError:
        return ""


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    """A handle of a process's folder: what is read through it is of that process or fails."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def _read(process: int, name: str, *, absent: str | None = None) -> str:
    """A file of a process; `absent` if there is none or it may not be read. Raises OSError."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=process)
    except OSError:
        if absent is None:
            raise
        return absent
    with os.fdopen(handle, encoding="utf-8", errors="replace") as file:
        return file.read()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise Unreadable("this user may not read its sockets (run as root)") from None
    except FileNotFoundError:
        raise Unreadable(_ELSEWHERE) from None
    except OSError as error:
        raise Unreadable(f"its sockets cannot be read ({error.strerror})") from None
