"""Who is named in settings: host and port, and nothing else of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberbrain_cli.adapters.references import MOST_REFERENCES, Finder
from cyberbrain_cli.core.records import Reference

HOSTS = ("db", "cache", "queue.internal", "10.0.0.7", "fd00::7", "host.docker.internal", "postgres")
FINDER = Finder(HOSTS)


def found(*environment: str, command: tuple[str, ...] = ()) -> set[tuple[str, int | None, str]]:
    references = FINDER.find(environment, command, own=())
    return {(one.host, one.port, one.variable or one.place) for one in references}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("URL=postgresql://u:p@db:5433/x?host=cache", {("db", 5433), ("cache", None)}),
        ("URL=postgresql+asyncpg://u:p@db/x", {("db", 5432)}),
        ("URL=redis://:p@cache/0", {("cache", 6379)}),
        ("URL=jdbc:postgresql://db:5432/x", {("db", 5432)}),
        ("URL=mongodb://u:p@db:27017,cache:27018/x", {("db", 27017), ("cache", 27018)}),
        ("URL=https://[fd00::7]:8443/", {("fd00::7", 8443)}),
        ("URL=http://10.0.0.7/", {("10.0.0.7", 80)}),
        ("URL=HTTP://DB:80", {("db", 80)}),
        ("BROKERS=queue.internal:9092,10.0.0.7:9093",
         {("queue.internal", 9092), ("10.0.0.7", 9093)}),
        ("DB_HOST=db", {("db", None)}),
        ("DSN=host=db port=5432 password=cache", {("db", None)}),
        ("HOOK=http://host.docker.internal:8080/x", {("host.docker.internal", 8080)}),
        ("POSTGRES_PASSWORD=db", set()),
        ("URL=https://db:cache@example.org/", set()),
        ("URL=https://example.org/db/cache", set()),
        ("IMAGE=postgres:15", set()),
        ("NOTE=the db and the cache are fine", set()),
        ("URL=http://db.example.org", set()),
        ("URL=http://mydb:80", set()),
        ("URL=http://db:99999", set()),
    ],
)  # fmt: skip
def test_where_a_host_can_stand(setting: str, expected: set[tuple[str, int | None]]) -> None:
    assert {(host, port) for host, port, _ in found(setting)} == expected


def test_a_port_in_a_variable_beside_it() -> None:
    assert found("PGHOST=db", "PGPORT=5433") == {("db", 5433, "PGHOST")}
    assert found("DB_HOST=db", "CACHE_PORT=1") == {("db", None, "DB_HOST")}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("psql", "-h", "db"), {("db", None)}),
        (("psql", "--host=db"), {("db", None)}),
        (("worker", "--redis-url", "redis://cache:6380/0"), {("cache", 6380)}),
        (("sh", "-c", "wait-for db:5432 && run"), {("db", 5432)}),
        (("echo", "db"), set()),
    ],
)
def test_commands(command: tuple[str, ...], expected: set[tuple[str, int | None]]) -> None:
    assert {(host, port) for host, port, _ in found(command=command)} == expected


def test_its_own_names_and_too_many_are_left_out() -> None:
    many = [f"V{number}_HOST=db" for number in range(MOST_REFERENCES + 9)]
    assert len(FINDER.find(many, (), own=())) == MOST_REFERENCES
    assert FINDER.find(many, (), own=("DB",)) == ()


_TEXT = st.text(max_size=60) | st.sampled_from(
    ["postgresql://u:tops3cret@db:5432/x", "db:1", "cache", "[fd00::7]:1", "host=db", "@db:9"]
)


@given(st.lists(_TEXT, max_size=6), st.lists(_TEXT, max_size=6))
def test_nothing_but_known_hosts_ports_and_plain_names_of_variables(
    environment: list[str], command: list[str]
) -> None:
    settings = [f"SOME_URL={text}" for text in environment] + environment
    for one in FINDER.find(settings, command, own=()):
        assert isinstance(one, Reference)
        assert one.host in HOSTS
        assert one.port is None or 0 < one.port < 1 << 16
        assert one.place in ("environment", "command")
        assert (
            one.variable is None or one.variable.replace(".", "_").replace("-", "_").isidentifier()
        )
