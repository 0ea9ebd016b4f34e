"""The service map of the installed program: five real services that really talk to each other."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from tests.acceptance.shops import LAUNCH, Json, a_shop, allowing, told
from tests.acceptance.support import data_folder, document
from tests.conftest import Cyberbrain, Finished, installed
from tests.stack.shop import LISTED, SECRET, Shop, image

GRAPH = """
    a caller on this host, over the port that nginx is published on
        host      connection   web
    nginx
        web       depends_on   app
        web       connection   app
        app       network      web
        web       network      stranger
    the application
        app       depends_on   db
        app       reference    db
        app       connection   db
        app       depends_on   cache
        app       reference    cache
        app       connection   cache
        app       connection   outside
        app       network      db
        app       network      cache
        app       network      worker
        app       network      stranger
    PostgreSQL and Redis
        cache     network      db
        cache     network      worker
        db        network      worker
        db        volume       worker
    the worker, which is to call a hook at a port of this host
        worker    depends_on   cache
        worker    reference    cache
        worker    connection   cache
        worker    unix_socket  db
        worker    reference    web
    the reporter, in the database's network namespace
        reporter  namespace    db
        reporter  reference    db
        reporter  connection   db
    somebody who is not on the allowlist
        stranger  connection   app
"""
EVIDENCE = {
    ("web", "depends_on", "app"): "Compose says so (depends_on)",
    ("web", "connection", "app"): "TCP to port 8000: 1 open",
    ("app", "reference", "db"): "environment variable DATABASE_URL names db:5432",
    ("app", "reference", "cache"): "environment variable REDIS_HOST names cache:6379",
    ("app", "connection", "outside"): "TCP to port 443: 1 open",
    ("worker", "reference", "cache"): "command names cache:6379",
    ("worker", "unix_socket", "db"): "Unix socket .s.PGSQL.5432 on a shared volume: 1 open",
    ("worker", "reference", "web"): "environment variable HOOK_URL names host.docker.internal:"
    "{port}, a port of the host that leads there",
    ("reporter", "namespace", "db"): "uses its network namespace",
    ("reporter", "connection", "db"): "TCP to port 5432: 1 open",
    ("app", "network", "web"): "both on network {shop}-front",
    ("db", "volume", "worker"): "share a volume, at /run/postgresql and /sockets",
}


@pytest.fixture(scope="module")
def shop(docker_host: str) -> Iterator[Shop]:
    """The shop, and somebody who keeps a connection to it open; no test changes it."""
    with a_shop(docker_host) as found:
        yield found


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory, docker_host: str, shop: Shop) -> Cyberbrain:
    """The program, which may look at all of them but the stranger."""
    return allowing(tmp_path_factory.mktemp("shop"), docker_host, shop)


@pytest.fixture(scope="module")
def done(listed: Cyberbrain) -> Finished:
    """One launch, which tells everything."""
    return listed(*LAUNCH, "--verbose", "-o", "json")


def by_hand() -> set[tuple[str, ...]]:
    rows = (line.split() for line in GRAPH.splitlines() if line.startswith(" " * 8))
    return {tuple(row) for row in rows}


def artifact(program: Cyberbrain, launched: Json, name: str) -> str:
    folder = f"artifacts/run_{launched['run']['id']}/service_map"
    return (data_folder(program) / folder / name).read_text()


def map_of(program: Cyberbrain, launched: Json) -> Json:
    found: Json = json.loads(artifact(program, launched, "service_map.json"))
    return found


def edges(found: Json, shop: Shop) -> dict[tuple[str, str, str], Json]:
    """The edges by the services' names; who is not listed is called the stranger."""

    def short(node: str) -> str:
        kind, _, name = node.partition(":")
        if node.startswith("unlisted-"):
            return "stranger"
        return name.removeprefix(f"{shop.name}-") if kind == "container" else kind

    return {(short(edge["source"]), edge["kind"], short(edge["target"])): edge
            for edge in found["edges"]}  # fmt: skip


def test_the_map_is_the_one_drawn_by_hand(listed: Cyberbrain, shop: Shop, done: Finished) -> None:
    assert done.code == 0, done.stderr
    assert document(done)["run"]["degraded"] is False
    found = map_of(listed, document(done))
    schema = listed("config", "schema", "--of", "service-map").stdout
    jsonschema.validate(found, json.loads(schema))
    drawn = edges(found, shop)
    assert set(drawn) == by_hand()
    for key, evidence in EVIDENCE.items():
        expected = evidence.format(port=shop.web_port(), shop=shop.name)
        assert drawn[key]["evidence"][0] == expected
    assert drawn["worker", "reference", "web"]["ports"] == [80]
    assert f"outside:{shop.outside()}" in {node["id"] for node in found["nodes"]}
    assert found["notes"] == []
    assert told(document(done)) == {(shop.container("worker"), "Has no memory limit")}


def test_each_container_is_told_as_it_is(listed: Cyberbrain, shop: Shop, done: Finished) -> None:
    found = map_of(listed, document(done))["nodes"]
    nodes = {node["name"].removeprefix(f"{shop.name}-"): node for node in found}
    assert {name for name, node in nodes.items() if node["kind"] == "container"} == {*LISTED}
    assert {node["container"] and node["kind"] for node in found} == {None, "container"}
    db, web, worker, reporter = (
        nodes[name]["container"] for name in ("db", "web", "worker", "reporter")
    )
    image_id = shop.inspect("db", "{{.Image}}")
    expected: Json = {
        "image": image.IMAGE, "image_id": image_id, "image_now": image_id, "digest": None,
        "state": "running", "health": "healthy", "exit_code": None, "restart_count": 0,
        "ports": [], "networks": [f"{shop.name}-back"], "network_mode": "networks",
        "pid_mode": "", "privileged": False, "compose_project": shop.name,
        "compose_service": "db", "memory_limit_bytes": 512 << 20, "cpu_limit": 1.5,
        "pids_limit": 200, "connections_read": True, "restart_policy": "no",
        "mounts": [{"target": "/run/postgresql", "source_class": "volume", "read_only": False}],
    }  # fmt: skip
    assert {key: db[key] for key in expected} == expected
    assert web["ports"] == [
        {"host_address": "127.0.0.1", "host_port": shop.web_port(), "container_port": 80,
         "protocol": "tcp"}
    ]  # fmt: skip
    assert worker["mounts"][0]["read_only"] is True
    assert (worker["memory_limit_bytes"], worker["pids_limit"]) == (None, None)
    assert (reporter["network_mode"], reporter["networks"]) == ("container", [])


def test_no_secret_and_no_stranger_is_told_anywhere(
    listed: Cyberbrain, shop: Shop, done: Finished
) -> None:
    person = listed(*LAUNCH, "--verbose")
    assert f"├─ → {shop.container('cache')}  (TCP 6379, configured, depends on)" in person.stdout
    said = done.stdout + done.stderr + person.stdout + person.stderr
    written = b"".join(path.read_bytes() for path in listed.home.rglob("*") if path.is_file())
    assert b"service_map" in written
    for canary in (SECRET, shop.container("stranger"), f"{shop.name}-sockets"):
        assert canary not in said
        assert canary.encode() not in written


def test_who_is_not_listed_is_named_if_the_directive_asks(
    listed: Cyberbrain, shop: Shop, tmp_path: Path, docker_host: str
) -> None:
    program = installed(tmp_path, docker_host)
    assert program("allowlist", "add", shop.container("app")).code == 0
    names = ("--param", "show_unlisted=names", "--param", "connections=false", "-o", "json")
    found = map_of(program, document(program(*LAUNCH, *names)))
    unlisted = [node for node in found["nodes"] if node["kind"] == "unlisted"]
    assert shop.container("stranger") in {node["name"] for node in unlisted}
    assert {node["container"] for node in unlisted} == {None}
    assert {edge["kind"] for edge in found["edges"]} == {"depends_on", "reference", "network"}
    assert "5432" not in json.dumps(unlisted)


def test_what_may_not_be_read_is_said(listed: Cyberbrain, shop: Shop) -> None:
    """Who shares a network namespace can only be told apart by who may look at processes."""
    command = listed.command(*LAUNCH, "-o", "json")
    if os.getuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    weak = subprocess.run(command, env=listed.environment, capture_output=True, text=True)
    assert weak.returncode == 0, weak.stderr
    launched: Json = json.loads(weak.stdout)
    assert launched["run"]["degraded"] is True
    found = map_of(listed, launched)
    (note,) = found["notes"]
    unread = f"Connections of {shop.container('db')}, {shop.container('reporter')} were not read: "
    assert note.startswith(unread)
    assert note.endswith("takes the right to look at its processes (run as root).")
    assert note in weak.stdout
    assert unread in artifact(listed, launched, "report.md").replace("\\", "")
    assert by_hand() - set(edges(found, shop)) == {
        ("reporter", "connection", "db"),
        ("reporter", "reference", "db"),
        ("worker", "unix_socket", "db"),
    }
