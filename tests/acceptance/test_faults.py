"""What a launch needs, dead or dying: told in a line, nothing half done, made good next time."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

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
    write_directive,
)
from tests.conftest import Cyberbrain, Finished
from tests.stack.scripted_llm import Break, Hang, Say, ScriptedLlm

REQUIRED = "llm: {use: required}"


def lines_told(done: Finished) -> list[str]:
    """What was said of the failure on stderr, progress aside."""
    return [line for line in done.stderr.splitlines() if line.startswith("error:")]


def folders_of_runs(cyberbrain: Cyberbrain) -> list[str]:
    """The folders below the artifact root."""
    return sorted(path.name for path in (data_folder(cyberbrain) / "artifacts").iterdir())


def read_again(cyberbrain: Cyberbrain, *arguments: str) -> int:
    """The lines that the next launch reads."""
    done = cyberbrain(*(arguments or TRIAGE), "--no-llm")
    assert done.code == 0, done.stderr
    return int(reading_of(document(done))["lines"])


def test_a_database_that_dies_in_a_run_is_told_and_the_next_launch_makes_it_good(
    cyberbrain: Cyberbrain, postgres_server: str, postgres_url: str, allowed: Allowed,
    model: ScriptedLlm,
) -> None:  # fmt: skip
    cyberbrain.environment["CYBERBRAIN_DATABASE__URL"] = postgres_url
    assert cyberbrain("db", "upgrade").code == 0
    allowed()
    model.then(Hang())
    process = cyberbrain.start(*TRIAGE)
    assert model.hanging.wait(PATIENCE_SECONDS)
    name = postgres_url.rpartition("/")[2]
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        model.release()
        done = finish(process)
        assert done.code == 4
        assert error_of(done)["code"] == "database_unavailable"
        dead = cyberbrain("launch", "--task", "log_triage")
        assert (dead.code, dead.stdout) == (4, "")
        assert len(lines_told(dead)) == 1
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    records = Records(postgres_url)
    assert records.statuses() == ["running"]
    assert records.rows("SELECT * FROM log_cursors") == []
    assert read_again(cyberbrain) == 3
    assert records.statuses() == ["interrupted", "succeeded"]
    assert folders_of_runs(cyberbrain) == ["run_2"]


def test_a_run_whose_lock_was_lost_is_not_settled_over_what_came_after(
    cyberbrain: Cyberbrain, postgres_url: str, allowed: Allowed, model: ScriptedLlm
) -> None:
    """Its sessions end, another launch takes its place: it must not write any more."""
    cyberbrain.environment["CYBERBRAIN_DATABASE__URL"] = postgres_url
    assert cyberbrain("db", "upgrade").code == 0
    allowed()
    model.then(Hang())
    process = cyberbrain.start(*TRIAGE)
    assert model.hanging.wait(PATIENCE_SECONDS)
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert read_again(cyberbrain) == 3
    model.release()
    done = finish(process)
    assert done.code == 1, done.stderr
    assert "interrupted" in error_of(done)["message"]
    records = Records(postgres_url)
    assert records.statuses() == ["interrupted", "succeeded"]
    assert records.rows("SELECT DISTINCT run_id FROM artifacts") == [(2,)]
    assert folders_of_runs(cyberbrain) == ["run_2"]
    assert cyberbrain("artifacts", "verify").code == 0
    assert cyberbrain("db", "verify").code == 0


@pytest.mark.parametrize("address", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:9"])
def test_no_daemon(cyberbrain: Cyberbrain, address: str) -> None:
    cyberbrain.environment["DOCKER_HOST"] = address
    done = cyberbrain(*TRIAGE)
    assert done.code == 4
    assert error_of(done)["code"] == "docker_unavailable"
    assert embedded(cyberbrain).statuses() == []


@pytest.mark.parametrize("after", [0, 150, 100_003])
def test_a_daemon_that_dies_while_a_log_is_read_is_no_success(
    cyberbrain: Cyberbrain, allowed: Allowed, daemon: DaemonProxy, docker_host: str, after: int
) -> None:
    """Before the answer, after its head, and within a line."""
    allowed("seq 1 3000 | sed 's/^/ERROR no room for request /'")
    daemon.at("/logs?", after, "die")
    done = cyberbrain(*TRIAGE)
    assert daemon.reached.is_set()
    assert done.code == 4
    run = document(done)["run"]
    assert run["status"] == "failed"
    assert run["jobs"][0]["error"]["code"] == "docker_unavailable"
    records = embedded(cyberbrain)
    assert records.rows("SELECT * FROM log_cursors") == []
    assert files_of(data_folder(cyberbrain) / "artifacts") == []
    cyberbrain.environment["DOCKER_HOST"] = docker_host
    assert read_again(cyberbrain) == 3000


def test_no_model_is_a_degraded_run_unless_it_is_required(
    cyberbrain: Cyberbrain, allowed: Allowed
) -> None:
    allowed()
    done = cyberbrain("launch", write_directive(cyberbrain, "strict", REQUIRED), "-o", "json")
    assert done.code == 4
    assert error_of(done)["code"] == "llm_unavailable"
    assert embedded(cyberbrain).statuses() == []
    done = cyberbrain(*TRIAGE)
    assert done.code == 0
    run = document(done)["run"]
    assert (run["status"], run["degraded"]) == ("succeeded", True)
    assert document(done)["findings"][0]["severity"] == "critical"


@pytest.mark.parametrize("body", ["", REQUIRED])
def test_a_model_that_dies_in_a_run(
    cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm, body: str
) -> None:
    allowed()
    model.otherwise = Break()
    path = write_directive(cyberbrain, "d", body)
    done = cyberbrain("launch", path, "-o", "json")
    run = document(done)["run"]
    records = embedded(cyberbrain)
    ledger = records.rows("SELECT attempt, prompt_tokens, completion_tokens FROM llm_calls")
    assert ledger == [(number + 1, None, None) for number in range(len(model.chats))]
    assert ledger
    if not body:
        assert (done.code, run["status"], run["degraded"]) == (0, "succeeded", True)
        return
    assert (done.code, run["status"]) == (4, "failed")
    assert run["jobs"][0]["error"]["code"] == "llm_unavailable"
    assert files_of(data_folder(cyberbrain) / "artifacts") == []
    model.otherwise = Say()
    again = cyberbrain("launch", path, "-o", "json")
    assert again.code == 0
    assert reading_of(document(again))["lines"] == 3


@pytest.fixture
def tiny_disk(cyberbrain: Cyberbrain, tmp_path: Path) -> Iterator[Path]:
    """An artifact root on a file system with hardly any room."""
    if os.getuid() != 0 or not Path("/proc/mounts").exists():
        pytest.skip("Only root can mount a file system.")
    root = tmp_path / "tiny"
    root.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(root)], check=True)
    cyberbrain.environment["CYBERBRAIN_ARTIFACTS__ROOT"] = str(root)
    yield root
    subprocess.run(["umount", str(root)], check=True)


def test_a_full_disk_fails_the_run_and_leaves_no_half_file(
    cyberbrain: Cyberbrain, allowed: Allowed, tiny_disk: Path
) -> None:
    allowed("seq 1 200 | sed 's/.*/ERROR & no room for request x&x&x/'")
    done = cyberbrain(*TRIAGE, "--no-llm")
    assert done.code == 4
    run = document(done)["run"]
    assert run["status"] == "failed"
    assert "No space left on device" in run["jobs"][0]["error"]["message"]
    assert files_of(tiny_disk) == []
    records = embedded(cyberbrain)
    assert records.rows("SELECT * FROM log_cursors") == []
    assert records.rows("SELECT * FROM artifacts") == []
    cyberbrain.environment["CYBERBRAIN_ARTIFACTS__ROOT"] = str(cyberbrain.home / "roomy")
    assert read_again(cyberbrain) == 200


def test_an_artifact_root_that_cannot_be_written_fails_the_run(
    cyberbrain: Cyberbrain, allowed: Allowed
) -> None:
    """A file in the way: root may write anywhere else."""
    allowed()
    (cyberbrain.home / "file").write_text("")
    done = cyberbrain(*TRIAGE, "--no-llm", CYBERBRAIN_ARTIFACTS__ROOT="file/artifacts")
    assert done.code == 4
    assert document(done)["run"]["status"] == "failed"
    assert embedded(cyberbrain).rows("SELECT * FROM log_cursors") == []
    assert read_again(cyberbrain) == 3


@pytest.mark.parametrize("where", ["file/cyberbrain.db", "folder", "/proc/cyberbrain.db"])
def test_a_database_that_cannot_be_opened(cyberbrain: Cyberbrain, where: str) -> None:
    (cyberbrain.home / "file").write_text("")
    (cyberbrain.home / "folder").mkdir()
    cyberbrain.environment["CYBERBRAIN_DATABASE__URL"] = f"sqlite:///{where}"
    done = cyberbrain("runs", "-o", "json")
    assert done.code == 4
    error = error_of(done)
    assert error["code"] == "database_unavailable"
    assert error["hint"]


def test_a_file_that_is_no_database(cyberbrain: Cyberbrain) -> None:
    path = cyberbrain.home / "records.db"
    path.write_text("This is no database at all, but it is long enough to be looked at.\n" * 20)
    cyberbrain.environment["CYBERBRAIN_DATABASE__URL"] = f"sqlite:///{path}"
    done = cyberbrain("runs", "-o", "json")
    assert (done.code, error_of(done)["code"]) == (4, "database_unavailable")
    assert path.read_text().startswith("This is no database")


@pytest.fixture
def frozen(cyberbrain: Cyberbrain) -> Iterator[Path]:
    """The folder of the records, made and then only to be read."""
    assert cyberbrain("runs").code == 0
    folder = data_folder(cyberbrain)
    if os.getuid() == 0:
        subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
    else:
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)


@pytest.mark.parametrize("command", ["launch --task log_triage", "runs", "allowlist add x"])
def test_records_that_cannot_be_written(cyberbrain: Cyberbrain, frozen: Path, command: str) -> None:
    done = cyberbrain(*command.split(), "-o", "json")
    assert (done.code, error_of(done)["code"]) == (4, "database_unavailable")
    assert str(frozen) in error_of(done)["message"]


def test_an_older_schema_is_told_in_one_line(cyberbrain: Cyberbrain, postgres_url: str) -> None:
    cyberbrain.environment["CYBERBRAIN_DATABASE__URL"] = postgres_url
    done = cyberbrain("runs")
    assert (done.code, done.stdout) == (4, "")
    assert len(lines_told(done)) == 1
    assert json.loads(cyberbrain("runs", "-o", "json").stdout)["error"]["hint"]
