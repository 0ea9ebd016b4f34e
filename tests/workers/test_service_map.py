"""The map of a small shop: who talks to whom, with evidence, and what a person is to know of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cyberbrain_cli.core.findings import FindingState, Severity
from cyberbrain_cli.core.records import (
    Attachment,
    Limits,
    Mount,
    PublishedPort,
    Reference,
    Sockets,
    TcpConnection,
    UnixListener,
)
from cyberbrain_cli.testing import FakeHost, run_worker
from cyberbrain_cli.testing.harness import WorkerRun
from cyberbrain_cli.workers.service_map import WORKER

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


def test_the_shop_is_mapped_with_evidence(host: FakeHost) -> None:
    done = run_worker(WORKER, host)
    assert edges(done) == {
        ("shop-web", "depends_on", "shop-app"),
        ("shop-web", "reference", "shop-app"),
        ("shop-web", "connection", "shop-app"),
        ("shop-app", "reference", "shop-db"),
        ("shop-app", "connection", "shop-db"),
        ("shop-app", "connection", "outside:198.51.100.7"),
        ("outside", "connection", "shop-web"),
        ("host", "connection", "shop-web"),
        ("shop-app", "network", "shop-web"),
        ("shop-app", "network", "shop-db"),
        ("shop-db", "network", "shop-web"),
    }
    calls = edge(done, "shop-web", "connection", "shop-app")
    assert calls["evidence"] == ["TCP to port 8000: 1 open, 1 closed a moment ago"]
    assert (calls["ports"], calls["connections"]) == ([8000], 2)
    named = edge(done, "shop-app", "reference", "shop-db")
    assert named["evidence"] == ["environment variable DATABASE_URL names db:5432"]
    assert edge(done, "shop-app", "network", "shop-db")["evidence"] == ["both on network shop"]
    assert done.outcome.findings == ()
    assert done.outcome.degraded == ()


def test_a_container_that_is_not_on_the_allowlist_is_there_but_nobody(host: FakeHost) -> None:
    host.unlisted.add("shop-db")
    done = run_worker(WORKER, host)
    written = str(done.documents) + str(done.texts) + str(done.reports)
    for secret in ("shop-db", "db:5432", "10.0.0.4"):
        assert secret not in written
    stranger = next(node for node in map_of(done)["nodes"] if node["kind"] == "unlisted")
    assert stranger["id"].startswith("unlisted-")
    assert (stranger["name"], stranger["container"]) == (stranger["id"], None)
    assert ("shop-app", "connection", stranger["id"]) in edges(done)
    assert ("shop-app", "reference", stranger["id"]) in edges(done)


def test_names_of_others_are_shown_if_the_directive_asks_and_nothing_but_names(
    host: FakeHost,
) -> None:
    host.unlisted.add("shop-db")
    done = run_worker(WORKER, host, {"show_unlisted": "names"})
    stranger = next(node for node in map_of(done)["nodes"] if node["kind"] == "unlisted")
    assert (stranger["name"], stranger["container"]) == ("shop-db", None)
    assert "10.0.0.4" not in str(done.documents)
    assert "shop-db:1" not in str(done.documents)


def test_connections_that_could_not_be_read_are_said_and_degrade_the_run(host: FakeHost) -> None:
    change(host, "shop-app", sockets=None, sockets_problem="this user may not read its sockets")
    done = run_worker(WORKER, host)
    reason = "Connections of shop-app were not read: this user may not read its sockets."
    assert done.outcome.degraded == (reason,)
    assert reason in map_of(done)["notes"]
    assert reason in done.reports["report.md"].notes
    assert ("shop-web", "connection", "shop-app") in edges(done)
    assert ("shop-app", "connection", "shop-db") in edges(done), "seen from the other end"


def test_without_connections_only_settings_speak_and_nothing_is_missing(host: FakeHost) -> None:
    done = run_worker(WORKER, host, {"connections": False})
    assert edges(done, "connection") == set()
    assert ("shop-app", "reference", "shop-db") in edges(done)
    assert done.outcome.degraded == ()


def test_the_hosts_published_port_leads_to_the_container_behind_it(host: FakeHost) -> None:
    there = Sockets((5432,), (tcp("10.0.0.4", 42000, "10.0.0.1", 8080),))
    change(
        host, "shop-db", sockets=there,
        references=(Reference("192.168.1.10", 8080, "environment", "HOOK"),
                    Reference("host.docker.internal", 9999, "command")),
    )  # fmt: skip
    change(host, "shop-web", published=(PublishedPort(80, "tcp", "0.0.0.0", 8080),))
    done = run_worker(WORKER, host)
    assert ("shop-db", "connection", "shop-web") in edges(done)
    assert edge(done, "shop-db", "reference", "shop-web")["evidence"] == [
        "environment variable HOOK names 192.168.1.10:8080, a port of the host that leads there"
    ]
    assert ("shop-db", "reference", "host") not in edges(done)


def test_a_name_means_what_it_means_on_the_networks_of_the_one_who_says_it(
    host: FakeHost,
) -> None:
    host.serve("blog-db", attachments=(Attachment("blog", ("db",), ("10.1.0.4",)),))
    host.serve(
        "blog-app",
        attachments=(Attachment("blog", ("app",), ("10.1.0.3",)),),
        references=(Reference("DB", 5432, "environment", "PGHOST"),),
    )
    done = run_worker(WORKER, host)
    found = {row for row in edges(done, "reference") if row[2].endswith("db")}
    assert found == {("shop-app", "reference", "shop-db"), ("blog-app", "reference", "blog-db")}


def test_containers_in_one_network_namespace_are_told_apart_by_who_listens(
    host: FakeHost,
) -> None:
    """The exporter lives in the database's namespace and asks it over loopback."""
    exporter = host.serve(
        "shop-exporter",
        **LIMITED,
        network_mode="container",
        shares_network_with="id-shop-db",
        references=(Reference("localhost", 5432, "environment", "DATA_SOURCE"),),
        sockets=Sockets((9187,), (tcp("127.0.0.1", 43000, "127.0.0.1", 5432),)),
    )
    calls = tcp("10.0.0.3", 44000, "10.0.0.4", 9187)
    app = host.services["shop-app"].sockets
    assert app is not None
    change(host, "shop-app", sockets=replace(app, connections=(*app.connections, calls)))
    done = run_worker(WORKER, host)
    assert exporter.listed
    assert {row for row in edges(done) if "shop-exporter" in row} == {
        ("shop-exporter", "namespace", "shop-db"),
        ("shop-exporter", "connection", "shop-db"),
        ("shop-exporter", "reference", "shop-db"),
        ("shop-app", "connection", "shop-exporter"),
    }


def test_shared_volumes_and_the_unix_sockets_on_them(host: FakeHost) -> None:
    there = Mount("/var/run/postgresql", "volume", read_only=False, source_mark="m1")
    here = Mount("/sockets", "volume", read_only=True, source_mark="m1")
    clock = Mount("/etc/localtime", "host_system", read_only=True, source_mark="m2")
    listens = (UnixListener("/run/postgresql/.s.PGSQL.5432", 2), UnixListener("/tmp/own", 0))
    change(
        host, "shop-db", mounts=(there, clock), sockets=Sockets((5432,), (), listens)
    )  # fmt: skip
    change(host, "shop-app", mounts=(here, clock))
    done = run_worker(WORKER, host)
    assert edges(done, "volume", "unix_socket") == {
        ("shop-app", "volume", "shop-db"),
        ("shop-app", "unix_socket", "shop-db"),
    }
    assert edge(done, "shop-app", "unix_socket", "shop-db")["evidence"] == [
        "socket .s.PGSQL.5432 on a shared volume, with 2 clients"
    ]
    assert "m1" not in str(done.documents)


@pytest.mark.parametrize(
    ("facts", "title", "severity"),
    [
        ({"published": (PublishedPort(80, "tcp", "0.0.0.0", 80),)},
         "Published on every address of the host", Severity.WARNING),
        ({"published": (PublishedPort(80, "tcp", "::", 80),)},
         "Published on every address of the host", Severity.WARNING),
        ({"privileged": True}, "Runs privileged", Severity.WARNING),
        ({"network_mode": "host"}, "Shares the host's network namespace", Severity.WARNING),
        ({"pid_mode": "host"}, "Shares the host's pid namespace", Severity.WARNING),
        ({"mounts": (Mount("/d.sock", "docker_socket", read_only=True),)},
         "Can command the host through a mount", Severity.WARNING),
        ({"limits": Limits()}, "Has no memory limit", Severity.INFO),
        ({"image_id": "sha256:a", "image_now": "sha256:b"},
         "Runs another image than shop-web:1 means now", Severity.INFO),
        ({"state": "restarting", "restart_count": 7}, "Keeps restarting", Severity.CRITICAL),
        ({"health": "unhealthy"}, "Is unhealthy", Severity.CRITICAL),
    ],
)  # fmt: skip
def test_what_is_risky_or_broken_is_found_and_can_be_ignored(
    host: FakeHost, facts: Json, title: str, severity: Severity
) -> None:
    change(host, "shop-web", **facts)
    done = run_worker(WORKER, host)
    assert [(item.container, item.title, item.severity) for item in done.outcome.findings] == [
        ("shop-web", title, severity)
    ]
    every_rule = WORKER.params.model_json_schema()["properties"]["ignore"]["items"]["enum"]
    assert run_worker(WORKER, host, {"ignore": every_rule}).outcome.findings == ()


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"state": "exited", "exit_code": 1}, True),
        ({"state": "paused"}, True),
        ({"state": "exited", "exit_code": 0}, False),
    ],
)
def test_to_depend_on_something_that_is_down_is_critical(
    host: FakeHost, facts: Json, found: bool
) -> None:
    change(host, "shop-db", sockets=None, **facts)
    done = run_worker(WORKER, host)
    title = f"Depends on shop-db, which is {facts['state']}"
    assert (("shop-app", title) in told(done)) == found


def test_a_service_that_compose_names_and_nobody_is(host: FakeHost) -> None:
    change(host, "shop-db", depends_on=("vault",))
    title = "Depends on the service vault, of which there is no container"
    assert ("shop-db", title) in told(run_worker(WORKER, host))


def test_what_changed_since_the_last_run(host: FakeHost) -> None:
    before = map_of(run_worker(WORKER, host))
    change(host, "shop-web", image_id="sha256:new0new0new0", image_now=None,
           published=(PublishedPort(80, "tcp", "127.0.0.1", 9090),))  # fmt: skip
    change(host, "shop-app", references=())
    host.serve("shop-cache", **LIMITED, attachments=(Attachment("shop", ("cache",)),))
    done = run_worker(WORKER, host, earlier={"service_map": before})
    assert told(done) == {
        ("shop-cache", "Was not here in the last run"),
        ("shop-web", "Runs another image than in the last run"),
        ("shop-web", "Other ports of the host lead to it"),
        ("shop-app", "Has to do with others than in the last run"),
    }
    changes = map_of(done)["changes"]
    assert changes["nodes_added"] == ["container:shop-cache"]
    assert changes["ports"] == [
        {"container": "container:shop-web", "added": ["127.0.0.1:9090→80"],
         "removed": ["127.0.0.1:8080→80"]}
    ]  # fmt: skip
    assert changes["edges_removed"] == [
        {"source": "container:shop-app", "target": "container:shop-db", "kind": "reference"}
    ]
    again = run_worker(
        WORKER, host, earlier={"service_map": map_of(done)}, previous=done.outcome.findings
    )
    assert again.outcome.findings == (), "a change is told once, and is not resolved afterwards"


def test_a_container_that_went_is_told(host: FakeHost) -> None:
    before = map_of(run_worker(WORKER, host))
    del host.services["shop-web"], host._containers["shop-web"]
    done = run_worker(WORKER, host, earlier={"service_map": before})
    assert told(done) == {("shop-web", "Was here in the last run and is not any more")}


def test_a_map_of_another_version_is_no_reason_to_fail(host: FakeHost) -> None:
    done = run_worker(WORKER, host, earlier={"service_map": {"schema_version": 99}})
    assert map_of(done)["changes"] is None


def test_a_problem_is_ongoing_and_then_resolved(host: FakeHost) -> None:
    change(host, "shop-web", privileged=True)
    first = run_worker(WORKER, host).outcome.findings
    second = run_worker(WORKER, host, previous=first).outcome.findings
    change(host, "shop-web", privileged=False)
    third = run_worker(WORKER, host, previous=second).outcome.findings
    states = [item.state for item in (*first, *second, *third)]
    assert states == [FindingState.NEW, FindingState.ONGOING, FindingState.RESOLVED]


def test_a_host_without_allowed_containers_is_a_map_of_nothing() -> None:
    done = run_worker(WORKER, FakeHost())
    assert map_of(done)["nodes"] == []
    assert "<svg" in done.texts["service_map.svg"]
    panel = done.documents["analysis.json"]["panels"][0]
    assert panel["lines"] == ["No container is both on this host and on the allowlist."]


def test_the_tree_shows_projects_and_whom_each_talks_to(host: FakeHost) -> None:
    panel = run_worker(WORKER, host).reports["report.md"].panels[0]
    assert panel.lines == (
        "shop",
        "├─ shop-app  shop-app:1  running",
        "│  ├─ → shop-db  (TCP 5432, configured)",
        "│  └─ → 198.51.100.7  (TCP 443)",
        "├─ shop-db  shop-db:1  running",
        "└─ shop-web  shop-web:1  running  127.0.0.1:8080→80",
        "   └─ → shop-app  (TCP 8000, configured, depends on)",
        "the host",
        "└─ → shop-web  (TCP 80)",
        "outside",
        "└─ → shop-web  (TCP 80)",
    )
