"""Ctrl-C, SIGTERM, kill -9 and `runs cancel`: nothing stays behind, and nothing is lost."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from cyberbrain_cli.engine.runner import GRACE_SECONDS
from tests.acceptance.conftest import Allowed
from tests.acceptance.daemon_proxy import DaemonProxy
from tests.acceptance.support import (
    PATIENCE_SECONDS,
    TRIAGE,
    Records,
    data_folder,
    document,
    embedded,
    error_of,
    files_of,
    finish,
    reading_of,
    stop,
    write_directive,
)
from tests.conftest import Cyberbrain
from tests.stack.scripted_llm import Hang, ScriptedLlm

PROMPTLY_SECONDS = 2.5
CANCELLED_WITHIN_SECONDS = 5


def hang(cyberbrain: Cyberbrain, model: ScriptedLlm, *arguments: str) -> subprocess.Popen[str]:
    """A launch that waits for its model's answer."""
    model.hanging.clear()
    model.then(Hang())
    process = cyberbrain.start(*(arguments or TRIAGE))
    assert model.hanging.wait(PATIENCE_SECONDS)
    return process


def held_up(cyberbrain: Cyberbrain, allowed: Allowed, daemon: DaemonProxy) -> subprocess.Popen[str]:
    """A launch whose job waits for a daemon that says nothing."""
    allowed()
    daemon.at("/json HTTP", 0, "hold", skip=1)
    process = cyberbrain.start(*TRIAGE)
    assert daemon.reached.wait(PATIENCE_SECONDS)
    return process


def leftovers(cyberbrain: Cyberbrain, tmp_path: Path) -> list[str]:
    """The files that the program has left, other than its records."""
    data = data_folder(cyberbrain)
    kept = {data / "cyberbrain.db", data / "cyberbrain.db-wal", data / "cyberbrain.db-shm"}
    files = [tmp_path / name for name in files_of(tmp_path)]
    return [str(path) for path in files if path not in kept and path.suffix != ".lock"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_a_run_that_waits_for_its_model(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm,
    tmp_path: Path, number: int, code: int,
) -> None:  # fmt: skip
    name = allowed()
    done, seconds = stop(hang(cyberbrain, model), number)
    assert done.code == code
    assert seconds < PROMPTLY_SECONDS
    found = document(done)
    assert found["run"]["status"] == "cancelled"
    assert found["run"]["finished_at"] is not None
    assert records.statuses() == ["cancelled"]
    assert records.rows("SELECT status FROM run_jobs") == [("cancelled",)]
    assert records.rows("SELECT outcome, prompt_tokens, completion_tokens FROM llm_calls") == [
        ("cancelled", None, None)
    ]
    assert records.rows("SELECT * FROM log_cursors") == []
    assert records.rows("SELECT * FROM artifacts") == []
    if records.url.startswith("sqlite"):
        assert [path for path in leftovers(cyberbrain, tmp_path) if "records/" not in path] == []
    again = cyberbrain(*TRIAGE)
    assert again.code == 0, again.stderr
    reading = reading_of(document(again))
    assert (reading["name"], reading["lines"]) == (name, 3)


def test_a_job_that_cannot_be_stopped_delays_the_end_only_so_long(
    cyberbrain: Cyberbrain, allowed: Allowed, daemon: DaemonProxy
) -> None:
    done, seconds = stop(held_up(cyberbrain, allowed, daemon))
    assert done.code == 130
    assert seconds < GRACE_SECONDS + PROMPTLY_SECONDS
    assert document(done)["run"]["status"] == "cancelled"
    assert embedded(cyberbrain).statuses() == ["cancelled"]


def test_a_second_signal_ends_it_at_once(
    cyberbrain: Cyberbrain, allowed: Allowed, daemon: DaemonProxy
) -> None:
    process = held_up(cyberbrain, allowed, daemon)
    process.send_signal(signal.SIGINT)
    done, seconds = stop(process, signal.SIGTERM)
    assert done.code == 143
    assert seconds < PROMPTLY_SECONDS


@pytest.mark.parametrize("needle", ["/containers/json", "/info"])
def test_ctrl_c_does_not_wait_for_a_daemon_that_says_nothing(
    cyberbrain: Cyberbrain, daemon: DaemonProxy, needle: str
) -> None:
    daemon.at(needle, 0, "hold")
    process = cyberbrain.start(*TRIAGE)
    assert daemon.reached.wait(PATIENCE_SECONDS)
    done, seconds = stop(process)
    assert done.code == 130
    assert seconds < PROMPTLY_SECONDS
    assert error_of(done)["code"] == "cancelled"
    assert embedded(cyberbrain).statuses() == []


def test_ctrl_c_does_not_wait_for_a_server_that_never_names_its_model(
    cyberbrain: Cyberbrain, allowed: Allowed
) -> None:
    allowed()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        process = cyberbrain.start(*TRIAGE, CYBERBRAIN_LLM__ENDPOINT=url)
        server.settimeout(PATIENCE_SECONDS)
        connection, _ = server.accept()
        with connection:
            done, seconds = stop(process)
    assert done.code == 130
    assert seconds < PROMPTLY_SECONDS
    assert embedded(cyberbrain).statuses() == []


@pytest.mark.parametrize(("lines", "after", "then"), [(300_000, 200_000, "pass"), (100, 0, "hold")])
def test_ctrl_c_while_a_log_is_read_that_is_long_or_does_not_come(
    cyberbrain: Cyberbrain, allowed: Allowed, daemon: DaemonProxy,
    lines: int, after: int, then: str,
) -> None:  # fmt: skip
    allowed(f"seq 1 {lines} | sed 's/^/ERROR no room for request /'")
    daemon.at("/logs?", after, then)
    process = cyberbrain.start(*TRIAGE)
    assert daemon.reached.wait(PATIENCE_SECONDS)
    done, seconds = stop(process)
    assert done.code == 130, done.stderr
    assert seconds < PROMPTLY_SECONDS
    assert document(done)["run"]["status"] == "cancelled"
    records = embedded(cyberbrain)
    assert records.rows("SELECT status FROM run_jobs") == [("cancelled",)]
    assert records.rows("SELECT * FROM log_cursors") == []
    assert files_of(data_folder(cyberbrain) / "artifacts") == []


@pytest.mark.parametrize(("lines", "after", "then"), [(300_000, 200_000, "pass"), (100, 0, "hold")])
def test_runs_cancel_while_a_log_is_read_that_is_long_or_does_not_come(
    cyberbrain: Cyberbrain, allowed: Allowed, daemon: DaemonProxy, model: ScriptedLlm,
    lines: int, after: int, then: str,
) -> None:  # fmt: skip
    """A long log may have been read before the cancel is heard: then the model is waited for."""
    allowed(f"seq 1 {lines} | sed 's/^/ERROR no room for request /'")
    model.then(Hang())
    daemon.at("/logs?", after, then)
    process = cyberbrain.start(*TRIAGE)
    assert daemon.reached.wait(PATIENCE_SECONDS)
    assert cyberbrain("runs", "cancel", "1").code == 0
    done = finish(process, CANCELLED_WITHIN_SECONDS)
    assert (done.code, document(done)["run"]["status"]) == (1, "cancelled")
    records = embedded(cyberbrain)
    assert records.rows("SELECT status FROM run_jobs") == [("cancelled",)]
    assert records.rows("SELECT * FROM log_cursors") == []
    assert files_of(data_folder(cyberbrain) / "artifacts") == []


def test_what_was_killed_is_interrupted_by_the_next_launch_of_anything(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm
) -> None:
    allowed()
    process = hang(cyberbrain, model)
    assert records.statuses() == ["running"]
    unfinished = data_folder(cyberbrain) / "artifacts" / "run_1" / "log_triage" / ".writing-x"
    unfinished.parent.mkdir(parents=True)
    unfinished.write_text("half")
    process.kill()
    finish(process)
    assert records.statuses() == ["running"]
    other = cyberbrain("launch", write_directive(cyberbrain, "other"), "--no-llm")
    assert other.code == 0, other.stderr
    assert records.statuses() == ["interrupted", "succeeded"]
    assert records.rows("SELECT status FROM run_jobs WHERE run_id = 1") == [("interrupted",)]
    assert not unfinished.parent.parent.exists()
    again = document(cyberbrain(*TRIAGE, "--no-llm"))
    assert reading_of(again)["lines"] == 3
    assert cyberbrain("db", "verify").code == 0


def test_runs_cancel_stops_a_live_run_and_tells_of_the_others(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm
) -> None:
    allowed()
    process = hang(cyberbrain, model)
    asked = cyberbrain("runs", "cancel", "1", "-o", "json")
    assert (asked.code, document(asked)["outcome"]) == (0, "requested")
    done = finish(process, CANCELLED_WITHIN_SECONDS)
    assert done.code == 1
    assert document(done)["run"]["status"] == "cancelled"
    assert records.rows("SELECT * FROM log_cursors") == []
    ended = cyberbrain("runs", "cancel", "1", "-o", "json")
    assert ended.code == 1
    assert error_of(ended)["message"] == "Run 1 has ended already: cancelled."
    process = hang(cyberbrain, model)
    process.kill()
    finish(process)
    dead = cyberbrain("runs", "cancel", "2", "-o", "json")
    assert (dead.code, document(dead)["outcome"]) == (0, "interrupted")
    assert records.statuses() == ["cancelled", "interrupted"]


def test_runs_cancel_is_through_in_time_although_a_job_cannot_be_stopped(
    cyberbrain: Cyberbrain, allowed: Allowed, daemon: DaemonProxy
) -> None:
    process = held_up(cyberbrain, allowed, daemon)
    assert cyberbrain("runs", "cancel", "1").code == 0
    done = finish(process, CANCELLED_WITHIN_SECONDS)
    assert (done.code, document(done)["run"]["status"]) == (1, "cancelled")
    assert files_of(data_folder(cyberbrain) / "artifacts") == []
