"""A TCP port before the daemon's Unix socket, as a remote daemon would have it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def tcp_proxy(path: str) -> Iterator[str]:
    """The URL of a port whose connections go to the socket at `path`."""
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(server, path), daemon=True).start()
    yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
    with suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)
    server.close()


def _accept(server: socket.socket, path: str) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(path)
            for source, sink in ((client, daemon), (daemon, client)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 20):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
