"""The allowlist: what is put on it, taken off it, and said of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import pytest

from cyberbrain_cli.core.errors import NotFound
from cyberbrain_cli.core.records import (
    AllowlistEntry,
    ContainerInfo,
    ImageEntry,
)
from tests.cli.program import FakeServices, answer, call
from tests.render.samples import START

Capture = pytest.CaptureFixture[str]


@dataclass
class Ledger:
    """An allowlist in memory, with the journal's and the reports' face."""

    entries: dict[str, bool] = field(default_factory=dict)
    pinned: dict[str, tuple[str, bool, tuple[str, ...]]] = field(default_factory=dict)

    def set_container(self, name: str, *, enabled: bool, note: str | None = None) -> bool:
        changed = self.entries.get(name) is not enabled
        self.entries[name] = enabled
        return changed

    def remove_container(self, name: str) -> bool:
        return self.entries.pop(name, None) is not None

    def set_image(
        self,
        reference: str,
        digest: str,
        *,
        enabled: bool,
        note: str | None = None,
        allows: Collection[str] | None = None,
    ) -> bool:
        before = self.pinned.get(reference)
        kept = before[2] if before else ()
        self.pinned[reference] = digest, enabled, kept if allows is None else tuple(sorted(allows))
        return self.pinned[reference] != before

    def remove_image(self, reference: str) -> bool:
        return self.pinned.pop(reference, None) is not None

    def allowlist(self) -> list[AllowlistEntry]:
        return [AllowlistEntry(name, on, "", START) for name, on in sorted(self.entries.items())]

    def images(self) -> list[ImageEntry]:
        return [
            ImageEntry(name, digest, on, "", START, allows)
            for name, (digest, on, allows) in self.pinned.items()
        ]

    def note_containers(self, containers: object) -> None:
        return None


class Host:
    digest = "sha256:1"

    def resolve_image(self, reference: str) -> str:
        if reference != "busybox:1":
            raise NotFound(f"The daemon has no image '{reference}'.")
        return self.digest

    def containers(self) -> list[ContainerInfo]:
        return [
            ContainerInfo("c0", "shop-app", "shop:1", "running"),
            ContainerInfo("c1", "shop-db", "pg:15", "running", {"com.docker.compose.project": "p"}),
        ]


def with_ledger(ledger: Ledger) -> FakeServices:
    return FakeServices(journal=ledger, reports=ledger, host=Host())


def test_a_container_s_life_on_the_allowlist(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    ledger = Ledger()
    services = with_ledger(ledger)

    def did(line: str) -> tuple[int, dict[str, Any]]:
        return answer(services, f"allowlist {line}", monkeypatch, capsys)

    assert did("add shop-db shop-app shop-db")[1]["changed"] == ["shop-db", "shop-app"]
    assert did("add shop-db")[1]["unchanged"] == ["shop-db"]
    assert did("disable shop-db")[1]["changed"] == ["shop-db"]
    assert did("explain shop-db")[1]["decision"] == {
        "name": "shop-db",
        "allowed": False,
        "reason": "'shop-db' is on the allowlist but disabled.",
    }
    assert did("enable shop-db")[1]["changed"] == ["shop-db"]
    assert did("explain shop-db")[1]["decision"]["allowed"]
    assert [entry["name"] for entry in did("list")[1]["allowlist"]] == ["shop-app", "shop-db"]
    assert did("remove shop-db")[0] == 0
    code, document = did("remove shop-app shop-db")
    assert (code, document["error"]["code"]) == (1, "not_found")
    assert "shop-app" in ledger.entries


@pytest.mark.parametrize("name", ["shop-*", "a/b", "", "-x y", "shop\n", "../x"])
def test_what_no_container_can_be_called_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger()
    arguments = ["allowlist", "add", "fine", "--", name]
    assert call(with_ledger(ledger), arguments, monkeypatch) == 2
    assert ledger.entries == {}


def test_an_image_is_pinned_to_what_it_means_now(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = with_ledger(Ledger())

    def explained() -> dict[str, Any]:
        line = "allowlist explain --image busybox:1"
        found: dict[str, Any] = answer(services, line, monkeypatch, capsys)[1]["decision"]
        return found

    assert not explained()["allowed"]
    assert call(services, ["allowlist", "add", "--image", "busybox:1"], monkeypatch) == 0
    assert call(services, ["allowlist", "add", "--image", "nosuch"], monkeypatch) == 1
    capsys.readouterr()
    assert explained()["allowed"]
    monkeypatch.setattr(Host, "digest", "sha256:2")
    assert "is now sha256:2" in explained()["reason"]
    assert call(services, ["allowlist", "disable", "--image", "busybox:1"], monkeypatch) == 0
    assert services.__dict__["journal"].pinned == {"busybox:1": ("sha256:1", False, ())}


def test_what_an_image_may_is_what_was_said_last(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = with_ledger(Ledger())
    pinned = services.__dict__["journal"].pinned
    add = ["allowlist", "add", "--image", "busybox:1"]
    assert call(services, [*add, "--allow", "network", "--allow", "gpu"], monkeypatch) == 0
    assert pinned["busybox:1"][2] == ("gpu", "network")
    for word in ("disable", "enable"):
        assert call(services, ["allowlist", word, "--image", "busybox:1"], monkeypatch) == 0
    capsys.readouterr()
    _, rows = answer(services, "allowlist list --image", monkeypatch, capsys)
    assert rows["images"][0]["allows"] == ["gpu", "network"]
    explained = answer(services, "allowlist explain --image busybox:1", monkeypatch, capsys)[1]
    assert "may have: gpu, network" in explained["decision"]["reason"]
    assert call(services, add, monkeypatch) == 0
    assert pinned["busybox:1"][2] == ()
    assert call(services, [*add, "--allow", "everything"], monkeypatch) == 2
    assert call(services, ["allowlist", "add", "db", "--allow", "network"], monkeypatch) == 2
    assert services.__dict__["journal"].entries == {}


def test_containers_say_what_the_allowlist_says(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = with_ledger(Ledger({"shop-db": True}))
    code, document = answer(services, "containers", monkeypatch, capsys)
    found = {row["name"]: row["allowed"] for row in document["containers"]}
    assert (code, found) == (0, {"shop-app": False, "shop-db": True})


def test_quiet_says_nothing_of_what_went_well(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = with_ledger(Ledger())
    for option, said in (([], "Allowed: shop-db.\n"), (["--quiet"], "")):
        assert call(services, ["allowlist", "add", "shop-db", *option], monkeypatch) == 0
        assert capsys.readouterr().out in (said, said.replace("Allowed", "Already allowed"))
    assert call(services, ["allowlist", "remove", "nobody", "--quiet"], monkeypatch) == 1
    assert "nobody" in capsys.readouterr().err
