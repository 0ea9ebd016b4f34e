"""Nothing outside the allowlist can be selected, however it is asked for."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cyberbrain_cli.core.allowlist import Permission, decide_container, decide_image, select
from cyberbrain_cli.core.directive import ContainerSelection
from cyberbrain_cli.core.records import AllowlistEntry, ContainerInfo, ImageEntry

THEN = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = {"com.docker.compose.project": "shop", "com.docker.compose.service": "db", "tier": "1"}


def entry(name: str, *, enabled: bool = True) -> AllowlistEntry:
    return AllowlistEntry(name, enabled, "", THEN)


def container(name: str, labels: dict[str, str] | None = None) -> ContainerInfo:
    return ContainerInfo(f"id-{name}", name, "image", "running", labels or {})


def selected(selection: ContainerSelection, *entries: AllowlistEntry) -> list[str]:
    inventory = [container("shop-db", LABELS), container("shop-app"), container("other")]
    return [found.name for found in select(selection, inventory, entries).containers]


def test_no_selection_means_every_allowed_container() -> None:
    assert selected(ContainerSelection(), entry("shop-db"), entry("other")) == ["shop-db", "other"]


def test_a_glob_chooses_among_allowed_containers_only() -> None:
    assert selected(ContainerSelection(names=["shop-*"]), entry("shop-db")) == ["shop-db"]


def test_an_exact_name_that_is_not_allowed_is_refused_by_name() -> None:
    result = select(ContainerSelection(names=["shop-app"]), [container("shop-app")], [])
    assert result.containers == []
    assert result.refused == {"shop-app": "'shop-app' is not on the allowlist."}


def test_an_allowed_container_that_is_gone_is_reported_missing() -> None:
    assert select(ContainerSelection(names=["db"]), [], [entry("db")]).missing == ["db"]


def test_labels_and_compose_conditions_all_have_to_hold() -> None:
    allowed = [entry("shop-db"), entry("shop-app")]
    assert selected(ContainerSelection(compose_project="shop"), *allowed) == ["shop-db"]
    assert selected(ContainerSelection(compose_service="db", labels={"tier": "1"}), *allowed) == [
        "shop-db"
    ]
    assert selected(ContainerSelection(labels={"tier": "2"}), *allowed) == []


def test_a_disabled_entry_allows_nothing_and_says_so() -> None:
    decision = decide_container("db", [entry("db", enabled=False)])
    assert not decision.allowed
    assert "disabled" in decision.reason


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_names_match_exactly_and_only_exactly(name: str, allowed: str) -> None:
    assert decide_container(name, [entry(allowed)]).allowed is (name == allowed)


def test_a_moved_tag_is_refused_with_both_digests() -> None:
    approved = [ImageEntry("worker:1", "sha256:aaa", True, "", THEN)]
    assert decide_image("worker:1", "sha256:aaa", approved).allowed
    moved = decide_image("worker:1", "sha256:bbb", approved)
    assert not moved.allowed
    assert "sha256:aaa" in moved.reason
    assert "sha256:bbb" in moved.reason
    other = decide_image("worker:2", "sha256:aaa", approved)
    assert not other.allowed
    assert other.reason.endswith("The same image is approved as 'worker:1'.")
    assert decide_image("worker:2", "sha256:bbb", approved).reason.endswith("is not approved.")


def test_what_a_container_is_to_have_must_be_allowed_by_name() -> None:
    approved = [ImageEntry("w:1", "sha256:a", True, "", THEN, ("network",))]
    assert decide_image("w:1", "sha256:a", approved, [Permission.NETWORK]).allowed
    more = decide_image("w:1", "sha256:a", approved, [Permission.NETWORK, Permission.ROOT_USER])
    assert not more.allowed
    assert more.reason.endswith("does not allow: root-user.")
