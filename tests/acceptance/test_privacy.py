"""Nothing kept, nothing leaked: canaries go in at both ends and are looked for everywhere."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Cyberbrain, Finished, RunContainer
from tests.stack.scripted_llm import Fail, Raw, Say, ScriptedLlm


@pytest.fixture
def scripted(cyberbrain: Cyberbrain) -> Iterator[ScriptedLlm]:
    """A scripted model that the program is told to use, and a log of the program's own."""
    with ScriptedLlm() as llm:
        cyberbrain.environment["CYBERBRAIN_LLM__ENDPOINT"] = llm.url
        cyberbrain.environment["CYBERBRAIN_LOGGING__FILE"] = str(cyberbrain.home / "own.log")
        cyberbrain.environment["CYBERBRAIN_LOGGING__LEVEL"] = "debug"
        yield llm


def canary() -> str:
    """Letters alone, so that no mask takes it for a number."""
    return "canary" + uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))


def files_with(text: str, folder: Path) -> set[str]:
    """The names of all files below a folder that hold the text."""
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    }


def launch(cyberbrain: Cyberbrain, *arguments: str) -> Finished:
    """Launch log triage, as talkative as it gets."""
    return cyberbrain("launch", "--task", "log_triage", "--verbose", "-o", "json", *arguments)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_canaries_are_in_no_database_log_or_temporary_file(
    cyberbrain: Cyberbrain,
    run_container: RunContainer,
    scripted: ScriptedLlm,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    database: str,
) -> None:
    in_log, in_answer = canary(), canary()
    if database == "postgresql":
        cyberbrain.environment["CYBERBRAIN_DATABASE__URL"] = request.getfixturevalue("postgres_url")
        assert cyberbrain("db", "upgrade").code == 0
    name = run_container(f"echo ERROR cannot open {in_log}; echo INFO fine")
    cyberbrain("allowlist", "add", name)
    answer = {"findings": [{"patterns": ["P1"], "severity": "critical", "title": in_answer,
                            "explanation": in_answer, "suggestion": in_answer}]}  # fmt: skip
    scripted.then(Say(json.dumps(answer)), Fail(400, body=in_answer), Raw(in_answer.encode()))
    for _ in range(3):
        done = launch(cyberbrain, "--since", "1h")
        assert done.code == 0, done.stderr
        assert in_log not in done.stderr
        assert in_answer not in done.stderr
    assert in_log in scripted.chats[0].prompt
    assert files_with(in_log, tmp_path) == {"analysis.json", "report.md"}
    assert files_with(in_answer, tmp_path) <= {"analysis.json", "report.md"}
    if database == "postgresql":
        url = cyberbrain.environment["CYBERBRAIN_DATABASE__URL"]
        dump = subprocess.run(["pg_dump", url], capture_output=True, text=True, check=True).stdout
    else:
        with sqlite3.connect(cyberbrain.home / "data/cyberbrain/cyberbrain.db") as connection:
            dump = "\n".join(connection.iterdump())
    assert name in dump
    assert in_log not in dump
    assert in_answer not in dump
    events = [json.loads(line) for line in (cyberbrain.home / "own.log").read_text().splitlines()]
    assert "job log_triage ended succeeded" in " ".join(event["message"] for event in events)
    about = {"run_id", "job_id", "task", "container"}
    whole = [event["message"] for event in events if about <= set(event)]
    assert any(message.startswith("asked scripted: ok after") for message in whole)
    assert any(message.startswith("read 2 lines") for message in whole)


def test_a_crash_tells_where_and_never_what(
    cyberbrain: Cyberbrain, run_container: RunContainer, scripted: ScriptedLlm, tmp_path: Path
) -> None:
    in_log = canary()
    name = run_container(f"echo ERROR {in_log}")
    cyberbrain("allowlist", "add", name)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import cyberbrain_cli.logs.miner as m\n"
        "def fail(self, batch):\n    raise RuntimeError(repr(batch.lines))\n"
        "m.Miner.add = fail\n"
    )
    done = launch(cyberbrain, "--no-llm")
    assert done.code == 0
    environment = cyberbrain.environment | {"PYTHONPATH": str(broken)}
    crashed = subprocess.run(
        cyberbrain.command("launch", "--task", "log_triage", "-o", "json", "--since", "1h"),
        env=environment, cwd=cyberbrain.home, capture_output=True, text=True,
    )  # fmt: skip
    assert crashed.returncode == 70, crashed.stderr
    assert json.loads(crashed.stdout)["error"]["code"] == "bug"
    assert "Traceback" not in crashed.stderr
    assert files_with(in_log, tmp_path) == {"analysis.json", "report.md"}
    (report,) = (cyberbrain.home / "state").rglob("*crash*")
    assert "RuntimeError" in report.read_text()
    runs = json.loads(cyberbrain("runs", "-o", "json").stdout)["runs"]
    assert [run["status"] for run in runs] == ["failed", "succeeded"]


SECRETS = {
    "AKIA" + "IOSFODNN7EXAMPLE": "ERROR upload failed with key AKIA" + "IOSFODNN7EXAMPLE",
    "hunter2xyz": "ERROR cannot connect to postgres://shop:hunter2xyz@db:5432/shop",
    "s3cr3t-token-value": "ERROR denied: Authorization: Bearer s3cr3t-token-value",
    "pa55phrase99": "ERROR login failed password=pa55phrase99 user=x",
    "jane.doe@example.com": "ERROR mail to jane.doe@example.com bounced",
    "4111 1111 1111 1111": "ERROR card 4111 1111 1111 1111 declined",
}


def test_secrets_in_logs_reach_neither_model_nor_artifact_nor_terminal(
    cyberbrain: Cyberbrain, run_container: RunContainer, scripted: ScriptedLlm, tmp_path: Path
) -> None:
    lines = "\n".join(f"echo '{line}'" for line in SECRETS.values())
    name = run_container(lines)
    cyberbrain("allowlist", "add", name)
    done = cyberbrain("launch", "--task", "log_triage")
    assert done.code == 0
    prompt = scripted.chats[0].prompt
    preview = cyberbrain("launch", "--task", "log_triage", "--since", "1h", "--preview").stdout
    assert "[redacted:" in prompt
    for secret in SECRETS:
        assert secret not in prompt
        assert secret not in preview
        assert secret not in done.stdout + done.stderr
        assert files_with(secret, tmp_path) == set()


def test_a_preview_is_byte_for_byte_what_a_launch_sends_and_sends_nothing(
    cyberbrain: Cyberbrain, run_container: RunContainer, scripted: ScriptedLlm
) -> None:
    in_log = canary()
    for _ in range(2):
        name = run_container(f"for i in 1 2 3; do echo ERROR {in_log} $i; done; echo INFO fine")
        cyberbrain("allowlist", "add", name)
    span = ("--since", "1h", "--until", "0s")
    previewed = launch(cyberbrain, *span, "--preview")
    assert previewed.code == 0, previewed.stderr
    assert scripted.chats == []
    assert not any(in_log.encode() in request.body for request in scripted.requests)
    assert json.loads(cyberbrain("runs", "-o", "json").stdout)["runs"] == []
    requests = json.loads(previewed.stdout)["requests"]
    assert [request["purpose"] for request in requests].count("triage") == 2
    assert requests[-1]["purpose"] == "story"
    launched = launch(cyberbrain, *span)
    assert launched.code == 0, launched.stderr
    again = launch(cyberbrain, *span, "--preview")
    assert "previous findings" not in again.stderr
    assert len(json.loads(again.stdout)["requests"]) == 3
    sent = {chat.body.decode() for chat in scripted.chats}
    assert {request["body"] for request in requests} == sent


def test_a_remote_endpoint_is_refused_before_anything_is_sent(
    cyberbrain: Cyberbrain, run_container: RunContainer
) -> None:
    name = run_container("echo ERROR x")
    cyberbrain("allowlist", "add", name)
    cyberbrain.environment["CYBERBRAIN_LLM__ENDPOINT"] = "http://192.0.2.1:8000/v1"
    done = cyberbrain("launch", "--task", "log_triage", "-o", "json")
    assert done.code == 5
    assert "allow_remote" in json.loads(done.stdout)["error"]["hint"]


def test_keys_and_passwords_of_the_configuration_are_never_shown(cyberbrain: Cyberbrain) -> None:
    cyberbrain.environment |= {
        "CYBERBRAIN_LLM__API_KEY": "sk-very-secret-key",
        "CYBERBRAIN_DATABASE__URL": "postgresql://user:pg-secret@127.0.0.1:9/none",
    }
    for command in (["config", "show"], ["config", "show", "-o", "json"], ["doctor"], ["runs"],
                    ["doctor", "-o", "json", "--verbose"]):  # fmt: skip
        done = cyberbrain(*command)
        assert "secret" not in done.stdout + done.stderr, command
