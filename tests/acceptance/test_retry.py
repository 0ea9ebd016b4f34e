"""A run that failed, done again: the same directive, the same windows, only the open jobs."""

from __future__ import annotations

from typing import Any

from docker import DockerClient

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import Records, document, error_of, finish, write_directive
from tests.acceptance.test_stopping import hang
from tests.conftest import Cyberbrain
from tests.stack.scripted_llm import Say, ScriptedLlm

TWO_JOBS = """
tasks:
  - {task: log_triage, id: good, on_failure: continue}
  - {task: log_triage, id: bad, needs: [good], containers: {names: [NAME]}}
"""


def retry(cyberbrain: Cyberbrain, run_id: int, code: int = 0) -> dict[str, Any]:
    done = cyberbrain("runs", "retry", str(run_id), "-o", "json")
    assert done.code == code, done.stdout + done.stderr
    return document(done)


def readings(found: dict[str, Any]) -> list[tuple[str, str, int]]:
    """What each container's window was, and the lines in it."""
    return [
        (item["after"], item["until"], item["lines"])
        for job in found["run"]["jobs"]
        for item in job["containers"]
    ]


def test_a_cancelled_run_is_done_again_in_the_same_windows(
    records: Records,
    cyberbrain: Cyberbrain,
    allowed: Allowed,
    model: ScriptedLlm,
    docker_client: DockerClient,
) -> None:
    name = allowed(
        "echo ERROR first; trap 'echo ERROR second; exit' USR1; while :; do sleep 0.05; done",
        wait=False,
    )
    path = write_directive(cyberbrain, "again", TWO_JOBS.replace("NAME", name))
    model.then(Say())
    process = hang(cyberbrain, model, "launch", path, "--since", "1h", "--label", "why=test")
    asked = cyberbrain("runs", "cancel", "1", "-o", "json")
    assert asked.code == 0, asked.stderr
    assert finish(process).code == 1
    assert records.rows("SELECT key, status FROM run_jobs ORDER BY id") == [
        ("good", "succeeded"), ("bad", "cancelled"),
    ]  # fmt: skip
    good = records.one("SELECT until FROM log_cursors")
    docker_client.containers.get(name).kill("USR1")
    docker_client.containers.get(name).wait()
    (cyberbrain.home / "again.yaml").unlink()
    found = retry(cyberbrain, 1)
    run = found["run"]
    assert (run["id"], run["retry_of"], run["directive"]) == (2, 1, "again")
    assert run["labels"] == {"why": "test"}
    assert [job["key"] for job in run["jobs"]] == ["bad"]
    ((_, _, lines),) = readings(found)
    assert lines == 1, "what came after the window of then is not read"
    cursors = dict(records.rows("SELECT job_key, until FROM log_cursors"))
    assert cursors == {"good": good, "bad": good}
    assert document(cyberbrain("runs", "-o", "json"))["runs"][0]["retry_of"] == 1
    assert "retry of run 1" in cyberbrain("runs", "show", "2").stdout
    nothing = cyberbrain("runs", "retry", "2", "-o", "json")
    assert (nothing.code, error_of(nothing)["message"]) == (
        1, "Run 2 has nothing to retry: all of its jobs succeeded.",
    )  # fmt: skip
    assert cyberbrain("runs", "retry", "9").code == 1
    assert cyberbrain("db", "verify").code == 0


def test_a_retry_waits_its_turn_and_can_be_looked_at_first(
    cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm
) -> None:
    name = allowed()
    first = hang(cyberbrain, model, "launch", "--task", "log_triage", "--container", name)
    first.kill()
    finish(first)
    second = hang(cyberbrain, model, "launch", "--task", "log_triage", "--container", name)
    busy = cyberbrain("runs", "retry", "1", "-o", "json")
    assert (busy.code, error_of(busy)["code"]) == (6, "already_running")
    second.terminate()
    finish(second)
    looked = cyberbrain("runs", "retry", "1", "--dry-run", "-o", "json")
    assert looked.code == 0, looked.stderr
    (job,) = document(looked)["plan"]["jobs"]
    (window,) = job["containers"]
    assert window["name"] == name
    found = retry(cyberbrain, 1)
    assert readings(found) == [(window["after"], window["until"], 3)]
    assert found["run"]["retry_of"] == 1
