"""What the shop's own services do, in a container: `service.py app|worker|stranger …`.

Each opens its connections, says `ready` and keeps them open.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Page(BaseHTTPRequestHandler):
    """Answers everything, and keeps the connection."""

    protocol_version = "HTTP/1.1"
    timeout = None

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Door(ThreadingHTTPServer):
    """Listens for IPv6, and so for IPv4 too."""

    address_family = socket.AF_INET6


def app() -> None:
    """Serves HTTP, with PostgreSQL, Redis and a payment service outside behind it."""
    open_ones = (
        connected(os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"]), b"PING\r\n"),
        connected(os.environ["PAYMENTS_HOST"], 443),
        asked(os.environ["DATABASE_URL"]),
    )
    door = Door(("::", 8000), Page)
    print("ready", flush=True)
    door.serve_forever()
    del open_ones


def worker(queue: str, database: str) -> None:
    """Waits for jobs in Redis; knows PostgreSQL by its Unix socket."""
    host, _, port = queue.partition(":")
    open_ones = connected(host, int(port), b"PING\r\n"), asked(database)
    open_ones[0].sendall(b"BLPOP jobs 0\r\n")
    print("ready", flush=True)
    threading.Event().wait()


def stranger(own: str, app_port: str) -> None:
    """Somebody who is not on the allowlist, and who also plays somebody outside at `own`."""
    server = socket.create_server((own, 443))
    print("listening", flush=True)
    held = [server.accept()[0], connected("app", int(app_port))]
    print("ready", flush=True)
    threading.Event().wait()
    del held


def connected(host: str, port: int, first: bytes = b"") -> socket.socket:
    """A connection that answers, as soon as there is one to be had."""
    while True:
        try:
            connection = socket.create_connection((host, port))
            if first:
                connection.sendall(first)
                assert connection.recv(64)
        except OSError:
            time.sleep(0.05)
        else:
            return connection


def asked(database: str) -> subprocess.Popen[str]:
    """A client of PostgreSQL that has had an answer and stays connected."""
    command = ["psql", "-qAtX", database]
    while True:
        client = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert client.stdin is not None
        assert client.stdout is not None
        try:
            print("SELECT 'here';", file=client.stdin, flush=True)
            if client.stdout.readline() == "here\n":
                return client
        except BrokenPipeError:
            pass
        client.communicate()
        time.sleep(0.05)


SERVICES: dict[str, Callable[..., None]] = {"app": app, "worker": worker, "stranger": stranger}

if __name__ == "__main__":
    SERVICES[sys.argv[1]](*sys.argv[2:])
