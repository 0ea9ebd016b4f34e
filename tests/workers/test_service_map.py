"""The map of a small shop: who talks to whom, with evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cyberbrain_cli.core.records import (
    Attachment,
    Mount,
    PublishedPort,
    Reference,
    Sockets,
    UnixConnections,
)
from cyberbrain_cli.testing import FakeHost, run_worker
from cyberbrain_cli.workers.service_map import WORKER
from tests.workers.service_map_shop import (
    LIMITED,
    change,
    edge,
    edges,
    map_of,
    place,
    tcp,
)
from tests.workers.service_map_shop import host as host


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
    assert calls["evidence"] == ["TCP to port 8000: 1 open, 1 closed or closing"]
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


SOCKET = "/run/postgresql/.s.PGSQL.5432"


@pytest.fixture
def on_a_socket(host: FakeHost) -> FakeHost:
    """The application is connected to the database by a Unix socket on a shared volume."""
    there = Mount("/var/run/postgresql", "volume", read_only=False, source_mark="m1")
    here = Mount("/sockets", "volume", read_only=True, source_mark="m1")
    clock = Mount("/etc/localtime", "host_system", read_only=True, source_mark="m2")
    listens = Sockets((5432,), (), (SOCKET, "/tmp/own"), (UnixConnections(SOCKET, 7),))
    change(host, "shop-db", mounts=(there, clock), sockets=listens)
    held = (UnixConnections(SOCKET, 2), UnixConnections("/tmp/own", 3))
    change(host, "shop-app", mounts=(here, clock), sockets=Sockets(unix_connections=held))
    return host


def test_shared_volumes_and_the_unix_sockets_on_them(on_a_socket: FakeHost) -> None:
    done = run_worker(WORKER, on_a_socket)
    assert edges(done, "volume", "unix_socket") == {
        ("shop-app", "volume", "shop-db"),
        ("shop-app", "unix_socket", "shop-db"),
    }
    held = edge(done, "shop-app", "unix_socket", "shop-db")
    assert held["evidence"] == ["Unix socket .s.PGSQL.5432 on a shared volume: 2 open"]
    assert held["connections"] == 2
    assert edge(done, "shop-app", "volume", "shop-db")["evidence"] == [
        "share a volume, at /sockets and /var/run/postgresql",
        "the Unix socket .s.PGSQL.5432 of shop-db lies on it",
    ]
    assert "m1" not in str(done.documents)


def test_a_client_of_a_unix_socket_that_could_be_another_is_not_told(on_a_socket: FakeHost) -> None:
    def seen() -> set[tuple[str, str, str]]:
        return edges(run_worker(WORKER, on_a_socket), "unix_socket")

    plain = on_a_socket.services["shop-app"]
    for namespace in (
        {"network_mode": "host"},
        {"network_mode": "container", "shares_network_with": "id-shop-db"},
    ):
        change(on_a_socket, "shop-app", **namespace)
        assert seen() == set(), namespace
    on_a_socket.services["shop-app"] = plain
    sidecar = {"network_mode": "container", "shares_network_with": "id-shop-app"}
    on_a_socket.serve("sidecar", **sidecar)
    assert len(seen()) == 1
    on_a_socket.unlisted.add("sidecar")
    assert seen() == set(), "nothing is known of its volumes"
    on_a_socket.unlisted.clear()
    change(on_a_socket, "sidecar", mounts=plain.mounts)
    assert seen() == set()
    change(on_a_socket, "sidecar", mounts=(), sockets=Sockets(unix_listening=(SOCKET,)))
    assert seen() == set(), "a socket of the same path in the same namespace"


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


def test_a_connection_that_somebody_left_who_is_gone_is_not_one_to_the_outside(
    host: FakeHost,
) -> None:
    """A stopped container gives its address back while its clients still wait."""
    left = (
        tcp("10.0.0.3", 41000, "10.0.0.77", 6379, closed=True),
        tcp("10.0.0.3", 41001, "10.0.0.78", 443),
        tcp("10.0.0.3", 41002, "198.51.100.7", 443, closed=True),
        tcp("10.0.0.3", 8000, "10.0.0.79", 50000, closed=True),
    )
    near = replace(place("app"), subnets=("10.0.0.0/24",))
    change(host, "shop-app", attachments=(near,), sockets=Sockets((8000,), left))
    found = {row for row in edges(run_worker(WORKER, host)) if "outside" in str(row)}
    assert found == {
        ("shop-app", "connection", "outside:10.0.0.78"),
        ("shop-app", "connection", "outside:198.51.100.7"),
        ("outside", "connection", "shop-web"),
    }


def test_many_ports_have_a_line_of_their_own(host: FakeHost) -> None:
    both = [PublishedPort(81, "tcp", address, 81) for address in ("0.0.0.0", "::")]
    more = [PublishedPort(port, "udp", "127.0.0.1", port) for port in (90, 91, 92)]
    change(host, "shop-web", published=(*both, *more))
    lines = run_worker(WORKER, host).reports["report.md"].panels[0].lines
    at = lines.index("└─ shop-web  shop-web:1  running")
    assert lines[at + 1] == (
        "   ├─ at *:81→81, 127.0.0.1:90→90/udp, 127.0.0.1:91→91/udp and 1 more"
    )
