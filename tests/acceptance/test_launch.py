"""The main job as a user meets it: the installed program, a real daemon, model and database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import Cyberbrain, RunContainer
from tests.stack.scripted_llm import Fail, Say, ScriptedLlm

TROUBLE = """
for i in 1 2 3 4 5 6 7 8 9; do echo "INFO served request $i in 12 ms"; done
for i in 1 2 3; do
  echo "ERROR connection to db:5432 failed: FATAL: sorry, too many clients already" >&2
done
"""

Launch = Callable[..., dict[str, Any]]


@pytest.fixture
def troubled(cyberbrain: Cyberbrain, run_container: RunContainer) -> str:
    """An allowed container whose log tells of trouble."""
    name = run_container(TROUBLE)
    assert cyberbrain("allowlist", "add", name).code == 0
    return name


@pytest.fixture
def scripted(cyberbrain: Cyberbrain) -> Iterator[ScriptedLlm]:
    """A scripted model that the program is told to use."""
    with ScriptedLlm() as llm:
        cyberbrain.environment["CYBERBRAIN_LLM__ENDPOINT"] = llm.url
        yield llm


@pytest.fixture
def launch(cyberbrain: Cyberbrain) -> Launch:
    """Launch log triage; the run document."""

    def run(*arguments: str, code: int = 0) -> dict[str, Any]:
        done = cyberbrain("launch", "--task", "log_triage", "-o", "json", *arguments)
        assert done.code == code, done.stderr
        document = json.loads(done.stdout)
        assert isinstance(document, dict)
        return document

    return run


def only(document: dict[str, Any]) -> dict[str, Any]:
    """The one container that the one job read."""
    (job,) = document["run"]["jobs"]
    (container,) = job["containers"]
    assert isinstance(container, dict)
    return container


def test_trouble_is_found_with_its_evidence_and_without_a_model(
    troubled: str, launch: Launch
) -> None:
    document = launch("--no-llm")
    assert document["run"]["status"] == "succeeded"
    assert document["run"]["degraded"] is False
    reading = only(document)
    assert (reading["name"], reading["lines"], reading["gap"], reading["error"]) == (
        troubled, 12, None, None,
    )  # fmt: skip
    finding = document["findings"][0]
    assert (finding["severity"], finding["state"], finding["source"]) == ("critical", "new", "rule")
    assert (finding["container"], finding["count"]) == (troubled, 3)
    evidence = finding["evidence"][0]
    assert evidence["stream"] == "stderr"
    assert (
        evidence["line"]
        == "ERROR connection to db:5432 failed: FATAL: sorry, too many clients already"
    )
    assert evidence["time"].endswith("Z")
    assert len(evidence["time"]) == len("2026-11-23T02:59:01.123456789Z")


def test_the_document_is_the_published_schemas_and_runs_show_prints_the_same(
    cyberbrain: Cyberbrain, troubled: str, launch: Launch
) -> None:
    document = launch("--no-llm")
    schema = json.loads(cyberbrain("config", "schema", "--of", "run").stdout)
    jsonschema.Draft202012Validator(schema).validate(document)
    shown = cyberbrain("runs", "show", str(document["run"]["id"]), "-o", "json")
    assert json.loads(shown.stdout) == document


def test_a_second_launch_reads_only_what_is_new(troubled: str, launch: Launch) -> None:
    first = only(launch("--no-llm"))
    document = launch("--no-llm")
    second = only(document)
    assert second["after"] == first["until"]
    assert second["lines"] == 0
    assert [finding["state"] for finding in document["findings"]] == ["resolved"]


def test_what_is_asked_for_again_is_ongoing_and_moves_no_cursor_back(
    troubled: str, launch: Launch
) -> None:
    until = only(launch("--no-llm"))["until"]
    document = launch("--no-llm", "--since", "1h")
    assert only(document)["lines"] == 12
    assert document["findings"][0]["state"] == "ongoing"
    assert only(launch("--no-llm"))["after"] > until


def test_findings_gate_the_exit_code_only_when_asked(troubled: str, launch: Launch) -> None:
    launch("--no-llm", "--fail-on", "critical", code=3)
    launch("--no-llm", "--since", "1h", "--fail-on", "info", code=3)
    launch("--no-llm", "--since", "1h", code=0)


def test_a_quiet_container_has_no_findings_and_asks_no_model(
    cyberbrain: Cyberbrain, run_container: RunContainer, scripted: ScriptedLlm, launch: Launch
) -> None:
    quiet = run_container(
        "for i in 1 2 3 4 5; do echo INFO all is well $i; done; sleep 600", wait=False
    )
    cyberbrain("allowlist", "add", quiet)
    document = launch("--fail-on", "info")
    assert document["findings"] == []
    assert scripted.chats == []
    assert document["run"]["tokens"]["total"] == 0


def test_a_real_model_explains_and_its_tokens_are_in_the_ledger(
    cyberbrain: Cyberbrain, troubled: str, llm_url: str, launch: Launch
) -> None:
    cyberbrain.environment["CYBERBRAIN_LLM__ENDPOINT"] = llm_url
    document = launch("--param", "digest_tokens=600", "--param", "answer_tokens=150")
    run = document["run"]
    assert run["status"] == "succeeded"
    assert run["tokens"]["prompt"] > 0
    assert run["tokens"]["completion"] > 0
    assert run["tokens"]["estimated"] is False
    assert run["cost"] == {"amount": None, "currency": None, "unpriced_calls": 1}
    assert document["findings"][0]["severity"] == "critical"
    report = json.loads(cyberbrain("cost-report", "--by", "container", "-o", "json").stdout)
    (row,) = report["rows"]
    assert row["keys"] == {"container": troubled}
    assert row["tokens"]["total"] == run["tokens"]["total"]
    assert row["cost"]["amount"] is None


def test_a_price_is_counted_exactly_and_stays_as_it_was(
    cyberbrain: Cyberbrain, troubled: str, scripted: ScriptedLlm, launch: Launch
) -> None:
    prices = {"scripted": {"prompt_per_million": "0.15", "completion_per_million": "0.60"}}
    cyberbrain.environment["CYBERBRAIN_PRICES"] = json.dumps(prices)
    cost = launch()["run"]["cost"]
    assert cost == {"amount": "0.000027", "currency": "USD", "unpriced_calls": 0}
    del cyberbrain.environment["CYBERBRAIN_PRICES"]
    total = json.loads(cyberbrain("cost-report", "-o", "json").stdout)["total"]
    assert total["cost"]["amount"] == "0.000027"


def test_each_attempt_is_a_row_and_a_retry_can_succeed(
    cyberbrain: Cyberbrain, troubled: str, scripted: ScriptedLlm, launch: Launch
) -> None:
    scripted.then(Fail(429, {"Retry-After": "0"}), Fail(503), Say(usage=None))
    document = launch()
    assert document["run"]["degraded"] is False
    assert document["run"]["tokens"] == {
        "prompt": 0, "completion": 0, "total": 0, "estimated": False, "unknown_calls": 3,
    }  # fmt: skip
    with sqlite3.connect(cyberbrain.home / "data" / "cyberbrain" / "cyberbrain.db") as database:
        rows = database.execute(
            "SELECT attempt, http_status, outcome, prompt_tokens FROM llm_calls ORDER BY id"
        ).fetchall()
    assert rows == [
        (1, 429, "http_error", None),
        (2, 503, "http_error", None),
        (3, 200, "ok", None),
    ]


def test_without_a_model_the_run_goes_on_with_rules_and_says_so(
    cyberbrain: Cyberbrain, troubled: str, launch: Launch
) -> None:
    document = launch()
    assert document["run"]["status"] == "succeeded"
    assert document["run"]["degraded"] is True
    assert "127.0.0.1:9" in document["run"]["degraded_reasons"][0]
    assert document["findings"][0]["severity"] == "critical"


def test_a_container_that_is_not_allowed_is_refused_and_audited(
    cyberbrain: Cyberbrain, run_container: RunContainer
) -> None:
    name = run_container("echo ERROR secret business")
    refused = cyberbrain("launch", "--task", "log_triage", "--container", name, "-o", "json")
    assert refused.code == 5
    error = json.loads(refused.stdout)["error"]
    assert error["code"] == "refused"
    assert error["hint"] == f"cyberbrain allowlist add {name}"
    with sqlite3.connect(cyberbrain.home / "data" / "cyberbrain" / "cyberbrain.db") as database:
        assert database.execute("SELECT subject, outcome FROM audit_events").fetchall() == [
            (name, "refused")
        ]
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_a_dry_run_tells_the_plan_and_starts_nothing(
    cyberbrain: Cyberbrain, troubled: str, scripted: ScriptedLlm
) -> None:
    done = cyberbrain("launch", "--task", "log_triage", "--dry-run", "-o", "json")
    assert done.code == 0
    (job,) = json.loads(done.stdout)["plan"]["jobs"]
    assert [container["name"] for container in job["containers"]] == [troubled]
    assert job["containers"][0]["after"] < job["containers"][0]["until"]
    assert job["estimated_tokens"] > 0
    assert scripted.requests == []
    assert json.loads(cyberbrain("runs", "-o", "json").stdout)["runs"] == []


def test_a_directive_on_postgresql_runs_once_its_schema_is_there(
    cyberbrain: Cyberbrain, troubled: str, postgres_url: str
) -> None:
    directive = cyberbrain.home / "nightly.yaml"
    directive.write_text(
        "name: nightly\nversion: 7\nlabels: {team: ops}\nfail_on: critical\n"
        "llm: {use: 'off'}\ntasks:\n  - {task: log_triage, id: logs}\n"
    )
    cyberbrain.environment["CYBERBRAIN_DATABASE__URL"] = postgres_url
    unready = cyberbrain("launch", "./nightly.yaml")
    assert unready.code == 4
    assert "cyberbrain db upgrade" in unready.stderr
    assert cyberbrain("db", "upgrade").code == 0
    assert cyberbrain("allowlist", "add", troubled).code == 0
    done = cyberbrain("launch", "./nightly.yaml", "-o", "json", "--label", "by=test")
    assert done.code == 3, done.stderr
    run = json.loads(done.stdout)["run"]
    assert (run["directive"], run["directive_version"]) == ("nightly", 7)
    assert run["labels"] == {"team": "ops", "by": "test"}
    assert run["jobs"][0]["key"] == "logs"
    assert cyberbrain("db", "verify").code == 0


def test_artifacts_are_private_files_that_verify(
    cyberbrain: Cyberbrain, troubled: str, launch: Launch
) -> None:
    artifacts = launch("--no-llm")["run"]["jobs"][0]["artifacts"]
    assert {artifact["kind"] for artifact in artifacts} == {"analysis", "report"}
    root = cyberbrain.home / "data" / "cyberbrain" / "artifacts"
    for artifact in artifacts:
        file = root / artifact["path"]
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700
        assert file.stat().st_size == artifact["size_bytes"]
    assert cyberbrain("artifacts", "verify").code == 0
    target = cyberbrain.home / "report.md"
    report = next(artifact for artifact in artifacts if artifact["kind"] == "report")
    assert cyberbrain("artifacts", "download", str(report["id"]), "--to", str(target)).code == 0
    assert target.read_text() == Path(root / report["path"]).read_text()
    assert "too many clients already" in target.read_text()


def test_a_persons_report_shows_what_matters(cyberbrain: Cyberbrain, troubled: str) -> None:
    done = cyberbrain("launch", "--task", "log_triage", "--no-llm")
    assert done.code == 0
    assert "CRITICAL" in done.stdout
    assert troubled in done.stdout
    assert "sorry, too many clients already" in done.stdout
    assert "\x1b" not in done.stdout
