"""The shop of five real services, for the tests of the installed program."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import Cyberbrain, installed
from tests.stack import docker, state
from tests.stack.shop import LISTED, Shop, image

Json = dict[str, Any]
LAUNCH = ("launch", "--task", "service_map")


@contextmanager
def a_shop(docker_host: str) -> Iterator[Shop]:
    """A shop of five services, and somebody who keeps a connection to it open."""
    daemon = state.load(docker.NAME)
    assert daemon is not None
    assert daemon["url"] == docker_host
    with state.locked():
        image.load(daemon)
    found = Shop(daemon, f"shop{uuid.uuid4().hex[:8]}")
    try:
        found.start()
        with socket.create_connection(("127.0.0.1", found.web_port())) as caller:
            caller.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
            assert caller.recv(12) == b"HTTP/1.1 200"
            yield found
    finally:
        found.remove()


def allowing(folder: Path, docker_host: str, shop: Shop) -> Cyberbrain:
    """The program, which may look at all of them but the stranger."""
    program = installed(folder, docker_host)
    assert program("allowlist", "add", *map(shop.container, LISTED)).code == 0
    return program


def told(launched: Json) -> set[tuple[str, str]]:
    return {(item["container"], item["title"]) for item in launched["findings"]}
