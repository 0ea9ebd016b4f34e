"""No way round the allowlist: by name, id, forged record, renaming, or half-spelt names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cyberbrain_cli.core.errors import NotFound, PolicyRefused
from cyberbrain_cli.core.ports import ContainerHost, Window
from cyberbrain_cli.core.records import AllowlistEntry, AuditEvent, ContainerInfo
from cyberbrain_cli.engine.host_guard import GuardedHost
from cyberbrain_cli.testing.host import FakeHost, log_lines

ALL = Window(None, 1 << 62)


def entry(name: str, *, enabled: bool = True) -> AllowlistEntry:
    return AllowlistEntry(name, enabled, "", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def host() -> FakeHost:
    host = FakeHost()
    for name in ("shop-db", "shop-app", "vault", "resting"):
        host.add(name, log_lines(f"of {name}"))
    return host


@pytest.fixture
def audited() -> list[AuditEvent]:
    return []


@pytest.fixture
def guard(host: FakeHost, audited: list[AuditEvent]) -> GuardedHost:
    entries = [entry("shop-db"), entry("shop-app"), entry("resting", enabled=False)]
    return GuardedHost(host, entries, audited.append, run_id=7)


def read(host: ContainerHost, container: ContainerInfo) -> list[bytes]:
    return [line for batch in host.read_logs(container, ALL) for line in batch.lines]


def oldest(host: ContainerHost, container: ContainerInfo) -> list[bytes]:
    host.first_log_time(container)
    return []


def test_allowed_containers_are_seen_and_read(guard: GuardedHost, host: FakeHost) -> None:
    assert [container.name for container in guard.containers()] == ["shop-app", "shop-db"]
    container = guard.inspect("shop-db")
    assert read(guard, container) == [b"of shop-db"]
    assert guard.first_log_time(container) == host.first_log_time(container)
    assert guard.now_ns() == host.now_ns()
    assert guard.resolve_image("x:1") == host.resolve_image("x:1")


@pytest.mark.parametrize("name", ["vault", "resting", "id-vault"])
def test_others_are_neither_inspected_nor_named_without_audit(
    guard: GuardedHost, audited: list[AuditEvent], name: str
) -> None:
    with pytest.raises(PolicyRefused):
        guard.inspect(name)
    assert [(event.action, event.subject, event.run_id) for event in audited] == [
        ("inspect", name.removeprefix("id-"), 7)
    ]


@pytest.mark.parametrize("look", [read, oldest])
@pytest.mark.parametrize(
    "claim",
    [
        {"name": "vault", "id": "id-vault"},
        {"name": "shop-db", "id": "id-vault"},
        {"name": "shop-db", "id": "vault"},
        {"name": "vault", "id": "id-shop-db"},
        {"name": "shop-db", "id": "id-shop-app"},
        {"name": "shop-db", "id": "shop-db"},
        {"name": "Shop-db"},
        {"name": "shop-db "},
        {"name": "/shop-db"},
        {"name": "shop-*"},
        {"name": ""},
    ],
)
def test_a_forged_record_reads_nothing(
    guard: GuardedHost,
    audited: list[AuditEvent],
    host: FakeHost,
    claim: dict[str, Any],
    look: Callable[[ContainerHost, ContainerInfo], list[bytes]],
) -> None:
    forged = replace(host.inspect("shop-db"), **claim)
    with pytest.raises(PolicyRefused):
        look(guard, forged)
    assert [event.action for event in audited] == ["read_logs"]
    assert audited[0].outcome == "refused"


@pytest.mark.parametrize("new_name", ["vault-2", "shop-app-2", "resting"])
def test_a_container_renamed_meanwhile_is_refused(
    guard: GuardedHost, host: FakeHost, new_name: str
) -> None:
    listed = guard.inspect("shop-db")
    host._containers["shop-db"] = replace(listed, name=new_name)
    host.logs[new_name] = host.logs["shop-db"]
    with pytest.raises(PolicyRefused):
        read(guard, listed)


def test_another_container_under_an_allowed_name_is_not_read_as_the_old_one(
    guard: GuardedHost, host: FakeHost
) -> None:
    listed = guard.inspect("shop-db")
    host.add("shop-db", log_lines("of an impostor"), id="id-new")
    with pytest.raises(NotFound):
        read(guard, listed)


def test_the_refusal_is_at_the_call_before_any_line_is_asked_for(
    guard: GuardedHost, host: FakeHost
) -> None:
    with pytest.raises(PolicyRefused):
        guard.read_logs(host.inspect("vault"), ALL)


def test_what_the_caller_claims_of_a_container_is_not_passed_on(guard: GuardedHost) -> None:
    lying = replace(guard.inspect("shop-db"), image="other:9", tty=True)
    passed: list[ContainerInfo] = []
    guard._host.first_log_time = passed.append  # type: ignore[assignment,method-assign]
    guard.first_log_time(lying)
    assert passed[0].image == "shop-db:1"
    assert passed[0].tty is False
