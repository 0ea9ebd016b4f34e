"""Ctrl-C, SIGTERM, kill -9 and `runs cancel`: nothing stays behind, and nothing is lost."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import Allowed
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
    until,
)
from tests.conftest import Cyberbrain
from tests.stack.scripted_llm import Hang, Say, ScriptedLlm

PROMPTLY_SECONDS = 2.5


def hang(cyberbrain: Cyberbrain, model: ScriptedLlm, *arguments: str) -> subprocess.Popen[str]:
    """A launch that waits for its model's answer."""
    model.hanging.clear()
    model.then(Hang())
    process = cyberbrain.start(*(arguments or TRIAGE))
    assert model.hanging.wait(PATIENCE_SECONDS)
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


