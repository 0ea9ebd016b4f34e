"""Two runs side by side: what changed in the logs, whatever a model says of them."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from docker import DockerClient

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import (
    Records,
    data_folder,
    document,
    error_of,
    finish,
    write_directive,
)
from tests.acceptance.test_stopping import hang
from tests.conftest import Cyberbrain
from tests.stack.scripted_llm import Say, ScriptedLlm

NOISE = "INFO request served"


def say(patterns: list[str], severity: str, title: str) -> Say:
    """An answer about these patterns."""
    texts = {"title": title, "explanation": title, "suggestion": title}
    return Say(json.dumps({"findings": [{"patterns": patterns, "severity": severity, **texts}]}))


def diff(cyberbrain: Cyberbrain, *arguments: str) -> dict[str, Any]:
    """The document of a diff, held to its published schema."""
    done = cyberbrain("runs", "diff", *arguments, "-o", "json")
    assert done.code == 0, done.stdout + done.stderr
    schema = json.loads(cyberbrain("config", "schema", "--of", "diff").stdout)
    jsonschema.validate(document(done), schema)
    return document(done)


def test_the_same_logs_twice_are_nothing_new_whatever_the_model_says(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm
) -> None:
    name = allowed(f"echo WARN disk is slow; for i in 1 2 3; do echo {NOISE}; done")
    path = write_directive(cyberbrain, "twice")
    model.then(say(["P1"], "critical", "The end is near"), say(["P1"], "warning", "All is well"))
    model.then(say(["P2"], "warning", "Served too often"))
    first, second, third = (
        cyberbrain("launch", path, "--since", "1h", "-o", "json") for _ in range(3)
    )
    assert [first.code, second.code, third.code] == [0, 0, 0], first.stderr + second.stderr
    assert [item["severity"] for item in document(first)["findings"]] == ["critical"]
    assert [item["severity"] for item in document(second)["findings"]] == ["warning"]
    told = {(item["source"], item["state"]) for item in document(third)["findings"]}
    assert told == {("rule", "ongoing"), ("llm", "ongoing")}
    for pair in (("1", "2"), ("2", "3"), ("3", "1")):
        found = diff(cyberbrain, *pair)
        assert found["nothing_new"], found
        assert found["findings"]["unchanged"] == 1
        assert not any(found["findings"][key] for key in ("new", "resolved", "worse", "better"))
        assert found["findings"]["by_model"] == ("3" in pair)
        assert found["patterns"] == {
            "appeared": [], "vanished": [], "unchanged": 2,
            "appeared_not_listed": 0, "vanished_not_listed": 0,
        }  # fmt: skip
    text = cyberbrain("runs", "diff", "--last", "twice").stdout
    assert "Run 2 → Run 3  twice v1" in text
    assert "Nothing new. Findings: 1 unchanged. Patterns: 0 appeared, 0 vanished" in text
    assert name not in text
    assert records.statuses() == ["succeeded"] * 3


def test_what_came_and_went_is_told_side_by_side(
    cyberbrain: Cyberbrain, allowed: Allowed, docker_client: DockerClient
) -> None:
    script = "trap 'echo FATAL out of shared memory; exit' USR1; echo ERROR no route to host; "
    name = allowed(f"{script} while :; do sleep 0.05; done", wait=False)
    path = write_directive(cyberbrain, "changes")
    assert cyberbrain("launch", path, "--no-llm").code == 0
    container = docker_client.containers.get(name)
    container.kill("USR1")
    container.wait()
    assert cyberbrain("launch", path, "--no-llm").code == 0
    found = diff(cyberbrain, "--last", "changes")
    assert not found["nothing_new"]
    assert [item["container"] for item in found["findings"]["resolved"]] == [name]
    titles = [item["title"] for item in found["findings"]["new"]]
    assert any("out of shared memory" in title for title in titles), titles
    appeared = [item["template"] for item in found["patterns"]["appeared"]]
    vanished = [item["template"] for item in found["patterns"]["vanished"]]
    assert (len(appeared), len(vanished)) == (1, 1)
    assert "no route to host" in vanished[0]
    shown = cyberbrain("runs", "diff", "1", "2")
    for part in ("BEFORE", "AFTER", "New", "Resolved", "Patterns that appeared", "critical"):
        assert part in shown.stdout
    report = cyberbrain("runs", "diff", "1", "2", "-o", "markdown").stdout
    assert report.startswith("# Run 1 and run 2: changes v1\n")
    assert "| | Run 1 | Run 2 | Change |" in report
    back = diff(cyberbrain, "2", "1")
    assert [item["id"] for item in back["findings"]["new"]] == [
        item["id"] for item in found["findings"]["resolved"]
    ]


def test_what_cannot_be_compared_is_said_in_a_line(
    cyberbrain: Cyberbrain, allowed: Allowed
) -> None:
    allowed()
    path = write_directive(cyberbrain, "once")
    assert cyberbrain("launch", path, "--no-llm").code == 0
    for arguments, code, said in (
        (("1", "7"), "not_found", "There is no run 7."),
        (("--last", "once"), "not_found", "Of 'once' only one run has ended."),
        (("--last", "never"), "not_found", "Of 'never' no run has ended."),
        (("1",), "usage", "Give either two runs or --last DIRECTIVE."),
        (("1", "1", "--last", "once"), "usage", "Give either two runs or --last DIRECTIVE."),
    ):
        done = cyberbrain("runs", "diff", *arguments, "-o", "json")
        error = error_of(done)
        assert (error["code"], error["message"]) == (code, said)
        assert done.code == (2 if code == "usage" else 1)
    root = data_folder(cyberbrain) / "artifacts" / "run_1" / "log_triage"
    whole = diff(cyberbrain, "1", "1")
    assert (whole["nothing_new"], whole["warnings"]) == (True, [])
    (root / "analysis.json").write_text('{"findings": []}')
    altered = diff(cyberbrain, "1", "1")
    assert altered["nothing_new"] is None, "what is not known is not called nothing"
    (said,) = set(altered["warnings"])
    assert said == (
        "Run 1, job 'log_triage': The artifact run_1/log_triage/analysis.json was altered after "
        "the run had written it."
    )
    (warning,) = document(cyberbrain("runs", "show", "1", "-o", "json"))["warnings"]
    assert "was altered" in warning
    (root / "analysis.json").unlink()
    gone = diff(cyberbrain, "1", "1")
    assert gone["nothing_new"] is None
    assert "is not there any more" in gone["warnings"][0]
    text = cyberbrain("runs", "diff", "1", "1").stdout
    assert "Nothing new was seen, but not all could be compared." in text


def test_a_round_is_a_run_with_its_retries(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm
) -> None:
    allowed("echo ERROR no route to host")
    path = write_directive(cyberbrain, "rounds")
    process = hang(cyberbrain, model, "launch", path, "--since", "1h")
    unfinished = cyberbrain("runs", "diff", "1", "1", "-o", "json")
    assert (unfinished.code, error_of(unfinished)["message"]) == (
        1, "Run 1 has not ended: it is running.",
    )  # fmt: skip
    assert cyberbrain("runs", "cancel", "1").code == 0
    finish(process)
    assert cyberbrain("runs", "retry", "1").code == 0
    only = cyberbrain("runs", "diff", "--last", "rounds", "-o", "json")
    assert error_of(only)["message"] == "Of 'rounds' only one run has ended."
    assert cyberbrain("launch", path, "--since", "1h", "--no-llm").code == 0
    found = diff(cyberbrain, "--last", "rounds")
    assert (found["before"]["id"], found["after"]["id"]) == (1, 3)
    assert found["nothing_new"] is True
    assert found["findings"]["unchanged"] == 1
    assert found["warnings"] == ["Job 'log_triage' of run 1 was done by its retry, 2."]
    plain = diff(cyberbrain, "1", "3")
    assert plain["nothing_new"] is None, "the two alone: the first of them never read the log"
    assert (plain["findings"]["new"], len(plain["findings"]["perhaps_new"])) == ([], 1)
    assert records.statuses() == ["cancelled", "succeeded", "succeeded"]
