"""What is recorded, looked at again: lists, their filters, and artifacts held to their record."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import (
    TRIAGE,
    Records,
    data_folder,
    document,
    error_of,
    write_directive,
)
from tests.conftest import Cyberbrain


def ids(cyberbrain: Cyberbrain, *arguments: str) -> list[int]:
    """The ids of the runs that a list shows."""
    done = cyberbrain("runs", "list", "-o", "json", *arguments)
    assert done.code == 0, done.stderr
    return [run["id"] for run in document(done)["runs"]]


def test_runs_are_listed_newest_first_and_filtered(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed
) -> None:
    allowed()
    path = write_directive(cyberbrain, "weekly")
    for arguments in ((path,), ("--task", "log_triage"), (path, "--timeout", "1ms")):
        cyberbrain("launch", *arguments, "--no-llm")
    middle = records.one("SELECT created_at FROM runs WHERE id = 2")
    assert ids(cyberbrain) == [2, 1]
    assert ids(cyberbrain, "--directive", "weekly") == [1]
    assert ids(cyberbrain, "--status", "failed") == []
    assert ids(cyberbrain, "--limit", "1") == [2]
    assert ids(cyberbrain, "--since", "1h", "--all") == [2, 1]
    assert ids(cyberbrain, "--since", str(middle).replace(" ", "T")) == [2]
    unknown = cyberbrain("runs", "show", "77", "-o", "json")
    assert (unknown.code, error_of(unknown)["code"]) == (1, "not_found")
    assert cyberbrain("runs", "list", "--status", "dreaming").code == 2


def artifacts(cyberbrain: Cyberbrain) -> list[dict[str, Any]]:
    """The artifacts of one launch."""
    done = cyberbrain(*TRIAGE, "--no-llm")
    assert done.code == 0, done.stderr
    found = document(done)["run"]["jobs"][0]["artifacts"]
    assert len(found) == 2
    return list(found)


def test_verify_finds_what_is_altered_and_what_is_missing(
    cyberbrain: Cyberbrain, allowed: Allowed
) -> None:
    allowed()
    first, second = artifacts(cyberbrain)
    root = data_folder(cyberbrain) / "artifacts"
    assert cyberbrain("artifacts", "verify").code == 0
    altered = root / first["path"]
    altered.write_bytes(altered.read_bytes()[:-1] + b" ")
    (root / second["path"]).unlink()
    done = cyberbrain("artifacts", "verify", "-o", "json")
    assert done.code == 1
    (rows,) = [value for value in document(done).values() if isinstance(value, list)]
    assert {row["id"]: row["status"] for row in rows} == {
        first["id"]: "altered",
        second["id"]: "missing",
    }
    gone = cyberbrain("artifacts", "download", str(second["id"]), "--to", "x", "-o", "json")
    assert (gone.code, error_of(gone)["code"]) == (1, "not_found")
    shown = cyberbrain("runs", "show", "1", "-o", "json")
    assert shown.code == 0


FORGED = {
    "../secret": 5,
    "/etc/hostname": 5,
    "run_1/../../secret": 5,
    "run_1/link": 5,
    "run_1/folder/secret": 5,
    "": 5,
    "run_1/log_triage": 1,
}


def test_nothing_outside_the_root_is_served(cyberbrain: Cyberbrain, allowed: Allowed) -> None:
    """Whatever the records say, and wherever links lead."""
    allowed()
    artifacts(cyberbrain)
    data = data_folder(cyberbrain)
    (data / "secret").write_text(json.dumps({"findings": [], "hidden": 1}))
    (data / "artifacts" / "run_1" / "link").symlink_to(data / "secret")
    (data / "artifacts" / "run_1" / "folder").symlink_to(data)
    for forged, code in FORGED.items():
        with closing(sqlite3.connect(data / "cyberbrain.db")) as database, database:
            database.execute("UPDATE artifacts SET path = ? WHERE id = 1", (forged,))
        done = cyberbrain("artifacts", "download", "1", "--to", "copy")
        assert (done.code, done.stdout) == (code, ""), forged
    assert not (cyberbrain.home / "copy").exists()
    assert cyberbrain("artifacts", "verify").code == 1
    shown = cyberbrain("runs", "show", "1", "-o", "json")
    assert shown.code == 0
    assert document(shown)["warnings"]
