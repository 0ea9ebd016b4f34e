"""Old runs go with their files, whatever ends the program in between."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import (
    PATIENCE_SECONDS,
    TRIAGE,
    Records,
    data_folder,
    document,
    error_of,
    files_of,
)
from tests.acceptance.test_stopping import hang
from tests.conftest import Cyberbrain
from tests.stack.scripted_llm import ScriptedLlm

_HELD = """
import sys
from cyberbrain_cli.adapters.file_artifacts import FileArtifacts
real = FileArtifacts.discard
def discard(self, folder):
    if folder == "run_2":
        print("held", file=sys.stderr, flush=True)
        sys.stdin.read()
    real(self, folder)
FileArtifacts.discard = discard
from cyberbrain_cli.cli.app import main
sys.argv[0] = "cyberbrain"
main()
"""


def prune(cyberbrain: Cyberbrain, *arguments: str) -> dict[str, Any]:
    done = cyberbrain("runs", "prune", *arguments, "-o", "json")
    assert done.code == 0, done.stdout + done.stderr
    return document(done)


def folders(cyberbrain: Cyberbrain) -> list[str]:
    root = data_folder(cyberbrain) / "artifacts"
    return sorted({name.split("/")[0] for name in files_of(root)})


def test_old_runs_go_with_their_files_and_a_running_one_stays(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, model: ScriptedLlm
) -> None:
    allowed()
    for _ in range(3):
        assert cyberbrain(*TRIAGE, "--since", "1h").code == 0
    spent = document(cyberbrain("cost-report", "-o", "json"))
    process = hang(cyberbrain, model, *TRIAGE, "--since", "1h")
    would = prune(cyberbrain, "--keep-last", "0", "--dry-run")
    assert (would["dry_run"], would["run_ids"], would["artifacts"]) == (True, [1, 2], 4)
    assert len(folders(cyberbrain)) == 3
    went = prune(cyberbrain, "--keep-last", "0")
    assert went == would | {"dry_run": False}
    assert went["size_bytes"] > 0
    assert folders(cyberbrain) == ["run_3"]
    model.release()
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert records.rows("SELECT id FROM runs ORDER BY id") == [(3,), (4,)]
    after = document(cyberbrain("cost-report", "-o", "json"))
    assert after["total"]["calls"] > spent["total"]["calls"] == 3
    assert cyberbrain("db", "verify").code == 0
    assert cyberbrain("artifacts", "verify").code == 0
    assert prune(cyberbrain, "--older-than", "90d")["run_ids"] == []
    said = cyberbrain("runs", "prune", "--older-than", "0s")
    assert said.stdout.startswith("Removed 1 run, 2 artifacts (")
    nothing = cyberbrain("runs", "prune", "-o", "json")
    assert (nothing.code, error_of(nothing)["code"]) == (2, "usage")


def test_records_whose_files_are_on_a_disk_that_is_not_there_stay(
    cyberbrain: Cyberbrain, allowed: Allowed
) -> None:
    allowed()
    for _ in range(2):
        assert cyberbrain(*TRIAGE, "--since", "1h", "--no-llm").code == 0
    root = data_folder(cyberbrain) / "artifacts"
    away = root.rename(root.parent / "unmounted")
    done = cyberbrain("runs", "prune", "--keep-last", "1", "-o", "json")
    assert (done.code, document(done)["run_ids"]) == (1, [])
    (sentence,) = document(done)["left"]
    assert sentence.startswith("Run 1 is left for the next pruning: There is no folder ")
    root.mkdir()  # a mount point without its disk
    done = cyberbrain("runs", "prune", "--keep-last", "1", "-o", "json")
    assert (done.code, document(done)["run_ids"]) == (1, [])
    root.rmdir()
    away.rename(root)
    assert prune(cyberbrain, "--keep-last", "1")["run_ids"] == [1]
    assert folders(cyberbrain) == ["run_2"]


def test_nothing_outside_the_root_goes_wherever_links_lead(
    cyberbrain: Cyberbrain, allowed: Allowed, tmp_path: Path
) -> None:
    allowed()
    for _ in range(3):
        assert cyberbrain(*TRIAGE, "--since", "1h", "--no-llm").code == 0
    root, outside = data_folder(cyberbrain) / "artifacts", tmp_path / "outside"
    (root / "run_1").rename(outside)
    (root / "run_1").symlink_to(outside)
    (root / "run_2" / "more").symlink_to(outside)
    kept = files_of(outside)
    assert len(kept) == 2
    assert prune(cyberbrain, "--keep-last", "1")["run_ids"] == [1, 2]
    assert files_of(outside) == kept
    assert sorted(path.name for path in root.iterdir()) == ["run_3"]


def test_what_a_killed_pruning_began_the_next_one_finishes(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed
) -> None:
    allowed()
    for _ in range(4):
        assert cyberbrain(*TRIAGE, "--since", "1h", "--no-llm").code == 0
    python = cyberbrain.command()[0].replace("bin/cyberbrain", "bin/python")
    process = subprocess.Popen(
        [python, "-c", _HELD, "runs", "prune", "--keep-last", "1"],
        env=cyberbrain.environment, cwd=cyberbrain.home, text=True,
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stderr.readline() == "held\n"
    assert cyberbrain("runs", "prune", "--keep-last", "1").code == 6
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE_SECONDS)
    shown = [run["id"] for run in document(cyberbrain("runs", "-o", "json"))["runs"]]
    assert shown == [4]
    assert folders(cyberbrain) == ["run_2", "run_3", "run_4"]
    assert cyberbrain("artifacts", "verify").code == 0
    assert cyberbrain("runs", "show", "2").code == 1
    assert prune(cyberbrain, "--older-than", "90d")["run_ids"] == [1, 2, 3]
    assert folders(cyberbrain) == ["run_4"]
    assert records.rows("SELECT DISTINCT run_id FROM artifacts") == [(4,)]
    assert cyberbrain("db", "verify").code == 0
