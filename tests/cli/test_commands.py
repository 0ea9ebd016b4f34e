"""What the other commands make of what the services answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cyberbrain_cli.core.errors import NotFound, PolicyRefused
from cyberbrain_cli.core.launch import Check
from cyberbrain_cli.core.records import (
    ArtifactCheck,
    ArtifactEntry,
    CostRow,
    TokenCount,
)
from tests.cli.program import FakeServices, answer, call
from tests.render.samples import COST, START

Capture = pytest.CaptureFixture[str]
ARTIFACT = ArtifactEntry(
    9, 42, "log_triage", "report", "text/markdown", "run_42/log_triage/report.md", 7, "ab", START
)


class Artifacts:
    def read(self, path: str) -> bytes:
        assert path == ARTIFACT.path
        return b"# \xff\x00\n"


class Reports:
    """Records of one artifact."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def artifact(self, artifact_id: int) -> ArtifactEntry:
        if artifact_id != ARTIFACT.id:
            raise NotFound(f"There is no artifact {artifact_id}.")
        return ARTIFACT

    def costs(self, by: Sequence[str], **asked: Any) -> tuple[list[CostRow], list[CostRow]]:
        self.asked = {"by": list(by), **asked}
        row = CostRow(dict.fromkeys(by, "x"), 1, 0, TokenCount(1, 2, 3), COST)
        return [row], [CostRow({}, 1, 0, TokenCount(1, 2, 3), COST)]

    def uncounted_calls(self, since: datetime | None, until: datetime | None) -> int:
        return 4


def with_artifacts() -> FakeServices:
    return FakeServices(reports=Reports(), artifacts=Artifacts())


def test_download_writes_the_bytes_and_never_over_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    line = ["artifacts", "download", "9", "--to", str(tmp_path)]
    assert call(with_artifacts(), line, monkeypatch) == 0
    target = tmp_path / "report.md"
    assert target.read_bytes() == b"# \xff\x00\n"
    assert str(target) in capsys.readouterr().out
    target.write_text("mine")
    assert call(with_artifacts(), line, monkeypatch) == 1
    assert target.read_text() == "mine"
    assert "--force" in capsys.readouterr().err
    assert call(with_artifacts(), [*line, "--force"], monkeypatch) == 0
    assert target.read_bytes() == b"# \xff\x00\n"
    assert list(tmp_path.iterdir()) == [target]


def test_download_into_nowhere_fails_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    line = ["artifacts", "download", "9", "--to", str(tmp_path / "no" / "x")]
    assert call(with_artifacts(), line, monkeypatch) == 1
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


def test_download_to_stdout_is_the_file_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    line = ["artifacts", "download", "9", "--to", "-"]
    assert call(with_artifacts(), line, monkeypatch) == 0
    assert capfdbinary.readouterr() == (b"# \xff\x00\n", b"")


def test_an_artifact_outside_the_root_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def read(_: str) -> bytes:
        raise PolicyRefused("outside")

    services = FakeServices(reports=Reports(), artifacts=FakeServices(read=read))
    line = ["artifacts", "download", "9", "--to", str(tmp_path / "x")]
    assert call(services, line, monkeypatch) == 5
    assert list(tmp_path.iterdir()) == []


def test_an_artifact_that_is_not_there(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    code, document = answer(with_artifacts(), "artifacts show 8", monkeypatch, capsys)
    assert (code, document["error"]["code"]) == (1, "not_found")
    assert answer(with_artifacts(), "artifacts show 9", monkeypatch, capsys)[1]["artifact"]["id"]


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("missing", 1), ("altered", 1)])
def test_verify_fails_for_what_is_not_as_it_was(
    status: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = FakeServices(verify_artifacts=lambda _: [ArtifactCheck(9, 42, "a", status)])
    found, document = answer(services, "artifacts verify", monkeypatch, capsys)
    assert (found, document["artifacts"][0]["status"]) == (code, status)


def test_costs_are_grouped_as_asked(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    reports = Reports()
    services = FakeServices(reports=reports)
    line = "cost-report --by day --by model --by day --since 2026-11-01 --until 2026-11-02"
    _, document = answer(services, line, monkeypatch, capsys)
    assert reports.asked["by"] == ["day", "model"]
    assert f"{reports.asked['since']:%Y-%m-%d %z}" == "2026-11-01 +0000"
    assert document["rows"][0]["keys"] == {"day": "x", "model": "x"}
    assert document["total"]["cost"]["amount"] == "0.0021"
    assert document["totals"] == [document["total"]]
    assert document["uncounted_calls"] == 4


def test_a_time_is_compared_with_the_one_before_it(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    asked: list[tuple[Any, ...]] = []

    def costs(keys: Sequence[str], since: datetime, until: datetime) -> Any:
        asked.append((since.isoformat(), until.isoformat()))
        tokens = TokenCount(0, 0, 3 - len(asked))
        rows = [CostRow({"model": "m"}, 1, 0, tokens, COST)] if len(asked) == 2 else []
        return rows, [CostRow({}, 1, 0, tokens, COST)]

    reports = FakeServices(costs=costs, uncounted_calls=lambda since, _: 5 * (since.day == 1))
    line = "cost-report --compare previous --since 2026-11-08 --until 2026-11-15"
    _, document = answer(FakeServices(reports=reports), line, monkeypatch, capsys)
    assert asked == [
        ("2026-11-08T00:00:00+00:00", "2026-11-15T00:00:00+00:00"),
        ("2026-11-01T00:00:00+00:00", "2026-11-08T00:00:00+00:00"),
    ]
    (row,) = document["rows"]
    assert (row["calls"], row["previous"]["tokens"]["total"]) == (0, 1)
    assert document["total"]["tokens"]["total"] == 2
    assert document["total"]["previous"]["tokens"]["total"] == 1
    assert document["previous_since"] == "2026-11-01T00:00:00Z"
    assert (document["uncounted_calls"], document["previous_uncounted_calls"]) == (0, 5)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--compare previous", "needs to know how long"),
        ("--compare previous --since 7d --by day", "does not go with --by day"),
        ("--compare previous --since 2026-11-08 --until 2026-11-08", "not after --since"),
        ("--since 2026-11-09 --until 2026-11-08", "not after --since"),
        ("--compare previous --since 2999-01-01", "--since is still to come"),
        ("--compare previous --since 0001-01-02", "no time is as long"),
        ("--since tomorrow", "neither a time nor a duration"),
        ("--by colour", "'model', 'day', 'directive', 'task', 'container', 'endpoint'"),
        ("--compare year --since 7d", "year"),
    ],
)
def test_a_time_or_key_that_makes_no_sense_is_wrong_usage(
    line: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = FakeServices(reports=Reports())
    code, document = answer(services, f"cost-report {line}", monkeypatch, capsys)
    assert code == 2
    assert says in document["error"]["message"]


def test_currencies_are_never_added_up(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    usd = CostRow({}, 1, 0, TokenCount(1, 2, 3), COST)
    eur = replace(usd, cost=replace(COST, currency="EUR", unpriced_calls=2))
    reports = FakeServices(costs=lambda *_, **__: ([], [usd, eur]), uncounted_calls=lambda *_: 0)
    _, document = answer(FakeServices(reports=reports), "cost-report", monkeypatch, capsys)
    assert document["total"]["tokens"]["total"] == 6
    assert document["total"]["cost"] == {"amount": None, "currency": None, "unpriced_calls": 2}
    assert len(document["totals"]) == 2


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("warning", 0), ("failed", 4)])
def test_doctor_fails_only_for_what_is_needed(
    status: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = FakeServices(doctor=lambda: [Check("docker", status, "It is.", "Start it.")])
    assert call(services, ["doctor"], monkeypatch) == code
    out = capsys.readouterr().out
    assert out.startswith(status)
    assert ("→ Start it." in out) == (status != "ok")
    assert answer(services, "doctor", monkeypatch, capsys)[1]["checks"][0]["status"] == status


@dataclass(frozen=True)
class Database:
    url: str
    revision: str | None
    head: str
    ok: bool


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 4)])
def test_a_database_that_needs_an_upgrade_is_exit_4(
    ok: bool, code: int, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    database = Database("sqlite:///x.db", None, "0002", ok)
    services = FakeServices(database_status=lambda: database)
    found, document = answer(services, "db", monkeypatch, capsys)
    assert (found, document["database"]["head"]) == (code, "0002")


def test_records_that_contradict_themselves_are_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = FakeServices(verify_database=lambda: ["Run 4 has no jobs."])
    assert call(services, ["db", "verify"], monkeypatch) == 1
    assert capsys.readouterr().out == "Run 4 has no jobs.\n"
    assert call(FakeServices(verify_database=list), ["db", "verify"], monkeypatch) == 0


@pytest.mark.parametrize(("asked", "outcome"), [(True, "requested"), (False, "interrupted")])
def test_cancel_says_what_became_of_it(
    asked: bool, outcome: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = FakeServices(cancel_run=lambda _: asked)
    _, document = answer(services, "runs cancel 4", monkeypatch, capsys)
    assert document == {"schema_version": 1, "run_id": 4, "outcome": outcome}


def test_the_configuration_file_in_use(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    for path in (None, Path("/etc/c.yaml")):
        services = FakeServices(config_path=path)
        _, document = answer(services, "config path", monkeypatch, capsys)
        assert document["path"] == (str(path) if path else None)
