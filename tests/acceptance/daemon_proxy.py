"""A Unix socket before the real Docker daemon that falls silent or dies at a chosen moment."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

CHUNK = 65536
Socket = socket.socket


class DaemonProxy:
    """Passes everything on, until a request for `needle` has been answered with `after` bytes.

    `reached` is set then. What happens next is up to `then`: `die` ends all connections and the
    socket, as a daemon does that is killed; `hold` says nothing more; `pass` goes on.
    """

    def __init__(self, url: str, path: Path) -> None:
        self.url = f"unix://{path}"
        self.needle, self.after, self.then, self.skip = b"/logs?", 0, "pass", 0
        self.reached = threading.Event()
        self._real = url.removeprefix("unix://")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._open: list[socket.socket] = []
        self._released = threading.Event()

    def at(self, needle: str, after: int, then: str, *, skip: int = 0) -> Self:
        """Choose the moment, not counting the first `skip` requests, and what happens then."""
        self.needle, self.after, self.then, self.skip = needle.encode(), after, then, skip
        return self

    def die(self) -> None:
        """End everything at once."""
        for end in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._released.set()
        self.die()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                daemon = socket.socket(socket.AF_UNIX)
                daemon.connect(self._real)
                self._open += [client, daemon]
                asked = threading.Event()
                for pump in (self._requests, self._answers):
                    threading.Thread(target=pump, args=(client, daemon, asked), daemon=True).start()

    def _requests(
        self, client: socket.socket, daemon: socket.socket, asked: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(CHUNK):
                if self.needle in data and self._counts():
                    asked.set()
                    if not self.after:
                        self._act()
                daemon.sendall(data)
            daemon.shutdown(socket.SHUT_WR)

    def _answers(
        self, client: socket.socket, daemon: socket.socket, asked: threading.Event
    ) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := daemon.recv(CHUNK):
                if asked.is_set() and self.after and passed < self.after <= passed + len(data):
                    client.sendall(data[: self.after - passed])
                    self._act()
                    data = data[self.after - passed :]
                    passed = self.after
                passed += len(data) if asked.is_set() else 0
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)

    def _counts(self) -> bool:
        self.skip -= 1
        return self.skip < 0

    def _act(self) -> None:
        self.reached.set()
        if self.then == "die":
            self.die()
        elif self.then == "hold":
            self._released.wait()
