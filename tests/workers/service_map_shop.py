"""A small shop on a fake host, for the tests of its map."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cyberbrain_cli.core.records import (
    Attachment,
    Limits,
    PublishedPort,
    Reference,
    Sockets,
    TcpConnection,
)
from cyberbrain_cli.testing import FakeHost
from cyberbrain_cli.testing.harness import WorkerRun

Json = dict[str, Any]
ADDRESS = {"web": "10.0.0.2", "app": "10.0.0.3", "db": "10.0.0.4"}
LIMITED = {"limits": Limits(memory_bytes=1 << 28)}


def place(service: str, network: str = "shop") -> Attachment:
    return Attachment(network, (service,), (ADDRESS[service],), ("10.0.0.1",))


def tcp(local: str, local_port: int, remote: str, remote_port: int, **more: Any) -> TcpConnection:
    return TcpConnection(local, local_port, remote, remote_port, **more)


@pytest.fixture
def host() -> FakeHost:
    """web → app → db, each connected to the next."""
    host = FakeHost(host_addresses=("192.168.1.10",))
    host.serve(
        "shop-web",
        **LIMITED,
        compose_project="shop",
        compose_service="web",
        depends_on=("app",),
        attachments=(place("web"),),
        published=(PublishedPort(80, "tcp", "127.0.0.1", 8080),),
        references=(Reference("app", 8000, "command"),),
        sockets=Sockets(
            (80,),
            (
                tcp("10.0.0.2", 40000, "10.0.0.3", 8000),
                tcp("10.0.0.2", 40001, "10.0.0.3", 8000, closed=True),
                tcp("10.0.0.2", 80, "203.0.113.9", 51000),
                tcp("10.0.0.2", 80, "10.0.0.1", 51001),
            ),
        ),
    )
    host.serve(
        "shop-app",
        **LIMITED,
        compose_project="shop",
        compose_service="app",
        attachments=(place("app"),),
        references=(Reference("db", 5432, "environment", "DATABASE_URL"),),
        sockets=Sockets(
            (8000,),
            (
                tcp("10.0.0.3", 8000, "10.0.0.2", 40000),
                tcp("10.0.0.3", 41000, "10.0.0.4", 5432),
                tcp("10.0.0.3", 41001, "198.51.100.7", 443),
            ),
        ),
    )
    host.serve(
        "shop-db",
        **LIMITED,
        compose_project="shop",
        compose_service="db",
        attachments=(place("db"),),
        sockets=Sockets((5432,), (tcp("10.0.0.4", 5432, "10.0.0.3", 41000),)),
    )
    return host


def change(host: FakeHost, name: str, **facts: Any) -> None:
    host.services[name] = replace(host.services[name], **facts)


def map_of(done: WorkerRun) -> Json:
    document: Json = done.documents["service_map.json"]
    return document


def edges(done: WorkerRun, *kinds: str) -> set[tuple[str, str, str]]:
    return {
        (edge["source"].removeprefix("container:"), edge["kind"],
         edge["target"].removeprefix("container:"))
        for edge in map_of(done)["edges"]
        if not kinds or edge["kind"] in kinds
    }  # fmt: skip


def edge(done: WorkerRun, source: str, kind: str, target: str) -> Json:
    for found in map_of(done)["edges"]:
        ends = [found[end].removeprefix("container:") for end in ("source", "target")]
        if (ends, found["kind"]) == ([source, target], kind):
            return dict(found)
    raise AssertionError(f"{source} {kind} {target}: {edges(done)}")


def told(done: WorkerRun) -> set[tuple[str, str]]:
    return {(item.container or "", item.title) for item in done.outcome.findings}
