"""What a worker writes: redacted wherever it stands, confined to the job's folder, real JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cyberbrain_cli.adapters.file_artifacts import FileArtifacts
from cyberbrain_cli.core.errors import PolicyRefused, RunFailed
from cyberbrain_cli.core.findings import Evidence, Finding, FindingState, Severity, Source
from cyberbrain_cli.core.ports import Report
from cyberbrain_cli.core.records import ContainerReading
from cyberbrain_cli.core.redaction.redactor import Redactor
from cyberbrain_cli.core.timestamps import parse_ns
from cyberbrain_cli.engine.artifact_guard import GuardedArtifacts
from cyberbrain_cli.render.documents import MarkdownDocuments

TOKEN = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
WHEN = "2026-11-23T02:59:01.123456789Z"

FINDING = Finding(
    id="0011223344556677",
    severity=Severity.CRITICAL,
    state=FindingState.NEW,
    title=f"cannot log in with {TOKEN}",
    explanation="mail to jane.doe@example.com bounced",
    suggestion=f"take {TOKEN} out of the log",
    container="shop-db",
    source=Source.RULE,
    pattern="P1",
    count=2,
    first_seen=parse_ns(WHEN),
    last_seen=parse_ns(WHEN),
    evidence=(Evidence(parse_ns(WHEN), "stderr", f"login failed token={TOKEN}"),),
)


@dataclass(frozen=True)
class Document:
    findings: tuple[Finding, ...]
    notes: dict[str, Any]


@pytest.fixture
def store(tmp_path: Path) -> FileArtifacts:
    return FileArtifacts(tmp_path)


@pytest.fixture
def written(store: FileArtifacts) -> Callable[[Any], str]:
    """What is on the disk after a document was written."""

    def write(document: Any) -> str:
        return store.read(guarded(store).json("analysis", "a.json", document).path).decode()

    return write


def guarded(store: FileArtifacts, folder: str = "run_1/log_triage") -> GuardedArtifacts:
    return GuardedArtifacts(store, Redactor().redact, folder, MarkdownDocuments())


def test_secrets_are_redacted_wherever_they_stand(written: Callable[[Any], str]) -> None:
    text = written(
        {
            "dataclass": Document((FINDING,), {TOKEN: [{"deep": (TOKEN, "jane.doe@example.com")}]}),
            "text": TOKEN,
        }
    )
    assert TOKEN not in text
    assert "jane.doe" not in text
    assert text.count("[redacted:github-token]") == 6


def test_what_is_no_secret_stays_as_it_is(written: Callable[[Any], str]) -> None:
    reading = ContainerReading("shop-db", "9f" * 32, None, parse_ns(WHEN), lines=3)
    document = json.loads(written({"reading": reading, "finding": FINDING}))
    assert document["reading"]["container_id"] == "9f" * 32
    assert document["reading"]["after"] is None
    assert document["reading"]["until"] == WHEN
    assert document["finding"]["id"] == FINDING.id
    assert document["finding"]["severity"] == "critical"
    assert document["finding"]["evidence"][0]["time"] == WHEN


def test_keys_made_equal_by_redaction_lose_nothing(written: Callable[[Any], str]) -> None:
    document = json.loads(written({"a.b@example.com": 1, "c.d@example.com": 2}))
    assert sorted(document.values()) == [1, 2]
    assert all("@" not in key for key in document)


def test_any_scalar_becomes_valid_json(written: Callable[[Any], str]) -> None:
    when = datetime(2026, 11, 23, tzinfo=UTC)
    values = [math.nan, math.inf, Decimal("0.10"), when, Path("/a"), 2**70, None, True, {1}]
    assert json.loads(written(values)) == [
        None, None, "0.10", "2026-11-23T00:00:00Z", "/a", 2**70, None, True, [1],
    ]  # fmt: skip


def test_half_a_character_from_a_model_is_written(written: Callable[[Any], str]) -> None:
    broken = replace(FINDING, title="half \ud83d of an emoji")
    assert json.loads(written([broken, "\ud800"]))[0]["title"] == "half ? of an emoji"


def test_what_is_no_data_is_refused_in_a_sentence(written: Callable[[Any], str]) -> None:
    with pytest.raises(RunFailed, match=r"a\.json cannot be written as JSON"):
        written({"thing": object()})


@pytest.mark.parametrize(
    "name", ["../a.json", "/etc/a", "b/a.json", ".hidden", "", "a\nb", "a\0b", "x" * 300]
)
def test_a_name_is_a_name_and_no_path(store: FileArtifacts, name: str) -> None:
    with pytest.raises(PolicyRefused):
        guarded(store).json("analysis", name, {})
    assert list(store.root.iterdir()) == []


def test_a_folder_outside_the_root_is_refused(store: FileArtifacts) -> None:
    with pytest.raises(PolicyRefused):
        guarded(store, "../elsewhere").json("analysis", "a.json", {})


def test_a_report_hides_no_secret_behind_markdown(store: FileArtifacts) -> None:
    reading = ContainerReading("shop-db", "9f" * 32, None, parse_ns(WHEN), error=f"{TOKEN} refused")
    report = Report("Log triage", datetime(2026, 11, 23, tzinfo=UTC), (FINDING,), (reading,))
    written = guarded(store).markdown("report", "report.md", report)
    text = store.read(written.path).decode()
    plain = text.replace("\\", "")
    assert written.media_type == "text/markdown"
    assert "shop-db" in text
    assert "redacted:github-token" in plain
    assert TOKEN not in plain
    assert TOKEN[4:] not in plain
    assert "jane.doe" not in plain


def test_a_redactor_that_withholds_one_line_leaves_the_rest(store: FileArtifacts) -> None:
    def redact(line: str) -> str:
        return "[withheld]" if "bounced" in line else line

    report = Report("Log triage", datetime(2026, 11, 23, tzinfo=UTC), (FINDING,), ())
    guard = GuardedArtifacts(store, redact, "run_1/job", MarkdownDocuments())
    text = store.read(guard.markdown("report", "report.md", report).path).decode()
    assert "bounced" not in text
    assert "Log triage" in text


def test_any_other_text_is_redacted_line_by_line(store: FileArtifacts) -> None:
    guard = GuardedArtifacts(store, Redactor().redact, "run_1/map", MarkdownDocuments())
    made = guard.text("drawing", "map.dot", f"a\ntoken={TOKEN}\nz\n", "text/vnd.graphviz")
    assert store.read("run_1/map/map.dot").startswith(b"a\ntoken=[redacted:")
    assert TOKEN.encode() not in store.read("run_1/map/map.dot")
    assert (made.kind, made.media_type) == ("drawing", "text/vnd.graphviz")
