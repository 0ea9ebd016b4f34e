"""Launches side by side, limits of time, and run keys."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import (
    PATIENCE_SECONDS,
    TRIAGE,
    Records,
    document,
    embedded,
    error_of,
    finish,
    reading_of,
    write_directive,
)
from tests.conftest import Cyberbrain
from tests.stack.scripted_llm import Fail, Hang, ScriptedLlm

WAITS = "Waiting for another launch of"


def hang(cyberbrain: Cyberbrain, model: ScriptedLlm, *arguments: str) -> subprocess.Popen[str]:
    """A launch that waits for its model's answer."""
    model.then(Hang())
    process = cyberbrain.start("launch", *arguments, "-o", "json")
    assert model.hanging.wait(PATIENCE_SECONDS)
    return process


def test_launches_of_one_directive_exclude_each_other_and_no_others(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm
) -> None:
    allowed()
    first, other = (write_directive(cyberbrain, name) for name in ("first", "other"))
    holder = hang(cyberbrain, model, first)
    refused = cyberbrain("launch", first, "-o", "json")
    assert refused.code == 6
    assert error_of(refused)["code"] == "already_running"
    skipped = cyberbrain("launch", first, "-o", "json", "--if-running", "skip")
    assert skipped.code == 0
    assert document(skipped)["run"] is None
    beside = cyberbrain("launch", other, "-o", "json")
    assert (beside.code, document(beside)["run"]["status"]) == (0, "succeeded")
    waiting = cyberbrain.start("launch", first, "-o", "json", "--if-running", "wait")
    assert waiting.stderr is not None
    assert WAITS in waiting.stderr.readline()
    assert records.statuses() == ["running", "succeeded"]
    model.release()
    assert finish(holder).code == 0
    waited = finish(waiting)
    assert waited.code == 0
    assert document(waited)["run"]["status"] == "succeeded"
    assert reading_of(document(waited))["lines"] == 0
    assert records.statuses() == ["succeeded"] * 3


def test_a_killed_holder_frees_the_lock(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm
) -> None:
    allowed()
    path = write_directive(cyberbrain, "first")
    holder = hang(cyberbrain, model, path)
    waiting = cyberbrain.start("launch", path, "-o", "json", "--no-llm", "--if-running", "wait")
    assert waiting.stderr is not None
    assert WAITS in waiting.stderr.readline()
    holder.kill()
    finish(holder)
    done = finish(waiting)
    assert done.code == 0
    assert reading_of(document(done))["lines"] == 3
    assert records.statuses() == ["interrupted", "succeeded"]


def test_a_wait_ends_with_the_time_that_it_was_given(
    cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm
) -> None:
    allowed()
    holder = hang(cyberbrain, model, "--task", "log_triage")
    waited = cyberbrain(*TRIAGE, "--if-running", "wait", "--timeout", "1s")
    assert waited.code == 1
    assert error_of(waited)["message"] == "The launch did not end within 1 s."
    holder.kill()
    finish(holder)


@pytest.mark.parametrize("limit", ["launch", "task"])
def test_a_run_that_takes_too_long_fails(
    cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm, limit: str
) -> None:
    allowed()
    model.then(Hang())
    if limit == "launch":
        done = cyberbrain(*TRIAGE, "--timeout", "2s")
        said = "The launch did not end within 2 s."
    else:
        tasks = "tasks: [{task: log_triage, timeout_seconds: 2}]"
        done = cyberbrain("launch", write_directive(cyberbrain, "slow", tasks), "-o", "json")
        said = "Job 'log_triage' did not end within 2 s."
    assert done.code == 1
    run = document(done)["run"]
    assert run["status"] == "failed"
    assert run["jobs"][0]["error"]["message"] == said
    records = embedded(cyberbrain)
    assert records.statuses() == ["failed"]
    assert records.rows("SELECT * FROM log_cursors") == []
    tokens = records.rows("SELECT prompt_tokens FROM llm_calls")
    assert tokens == [(None,)] * len(model.chats)


@pytest.mark.parametrize(
    ("on_failure", "second"), [("stop", "cancelled"), ("continue", "succeeded")]
)
def test_a_failed_task_stops_the_next_unless_told_otherwise(
    cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm, on_failure: str, second: str
) -> None:
    allowed()
    model.then(Hang())
    tasks = (
        "tasks:\n"
        f"  - {{task: log_triage, id: a, timeout_seconds: 2, on_failure: {on_failure}}}\n"
        "  - {task: log_triage, id: b}"
    )
    path = write_directive(cyberbrain, "two", tasks)
    done = cyberbrain("launch", path, "-o", "json", CYBERBRAIN_MAX_PARALLEL="1")
    assert done.code == 1
    run = document(done)["run"]
    assert run["status"] == "failed"
    assert [job["status"] for job in run["jobs"]] == ["failed", second]


def test_a_run_key_starts_one_run_only(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed
) -> None:
    allowed()
    arguments = (*TRIAGE, "--no-llm", "--run-key", "night 7", "--fail-on", "critical")
    first = cyberbrain(*arguments)
    again = cyberbrain(*arguments)
    assert (first.code, again.code) == (3, 3)
    assert document(again) == document(first)
    assert records.statuses() == ["succeeded"]


def test_the_key_of_a_run_that_failed_tells_of_its_failure(
    cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm
) -> None:
    allowed()
    model.otherwise = Fail(400)
    path = write_directive(cyberbrain, "strict", "llm: {use: required}")
    first = cyberbrain("launch", path, "-o", "json", "--run-key", "k")
    again = cyberbrain("launch", path, "-o", "json", "--run-key", "k")
    assert (first.code, again.code) == (4, 4)
    assert json.loads(again.stdout) == json.loads(first.stdout)
    assert embedded(cyberbrain).statuses() == ["failed"]
