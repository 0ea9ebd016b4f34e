"""`db verify` is silent about sound records, and names what contradicts itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.store import schema
from cyberbrain_cli.store.database import Database, connect
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.verify import verify
from tests.store.samples import PRICE, call, settlement, started


@pytest.fixture
def sound(database: Database, journal: SqlJournal) -> Database:
    """A finished run with everything, and one that is under way."""
    run_id, job_id = started(journal)
    journal.record_call(call(run_id, job_id))
    journal.record_call(call(run_id, job_id, prompt_tokens=None, cost=None))
    journal.record_call(call(run_id, job_id, price=None, cost=None, estimated=True))
    journal.record_call(call(run_id, job_id, price=replace(PRICE, currency="EUR")))
    journal.settle_job(job_id, settlement(run_id))
    journal.finish_run(run_id, Status.FAILED, ["no model"])
    started(journal)
    return database


def test_sound_records_have_no_problems(sound: Database) -> None:
    assert verify(sound) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE runs SET prompt_tokens = 1 WHERE id = 1",
         "run 1: prompt_tokens is 1, its ledger rows say 3000"),
        ("UPDATE run_jobs SET calls = 3 WHERE id = 1", "job 1: calls is 3, its ledger rows say 4"),
        ("UPDATE runs SET cost = 1000000000000 WHERE id = 1",
         "run 1: cost is 1, its ledger rows say 0.00021"),
        ("UPDATE runs SET unpriced_calls = 0 WHERE id = 1",
         "run 1: unpriced_calls is 0, its ledger rows say 3"),
        ("UPDATE runs SET calls = 1 WHERE id = 2", "run 2: calls is 1, its ledger rows say 0"),
        ("UPDATE runs SET unknown_calls = 0 WHERE id = 1",
         "run 1: unknown_calls is 0, its ledger rows say 1"),
        ("UPDATE runs SET status = 'succeeded' WHERE id = 1",
         "job 2 is cancelled, but its run 1 is succeeded"),
        ("UPDATE run_jobs SET status = 'pending', finished_at = NULL WHERE id = 2",
         "job 2 is pending, but its run 1 is failed"),
        ("UPDATE runs SET finished_at = NULL WHERE id = 1", "run 1 has ended at no time"),
        ("UPDATE runs SET started_at = NULL WHERE id = 2", "run 2 runs since no time"),
        ("UPDATE runs SET critical_findings = 7 WHERE id = 1",
         "run 1: critical_findings is 7, its jobs have 1"),
        ("UPDATE artifacts SET run_id = 2", "artifact 1 names a run and another run's job"),
    ],
)  # fmt: skip
def test_a_contradiction_is_named(sound: Database, change: str, problem: str) -> None:
    with sound.writing() as connection:
        connection.execute(text(change))
    assert verify(sound) == [problem]


def test_rows_without_an_owner_are_counted(sound: Database) -> None:
    """Only a tool that does not know of foreign keys, or leaves them off, can do this."""
    with sound.session() as connection:
        off = "PRAGMA foreign_keys = OFF"
        if not sound.embedded:
            off = "SET session_replication_role = replica"
        connection.execute(text(off))
        connection.execute(text("DELETE FROM runs WHERE id = 2"))
        connection.invalidate()
    assert "2 rows of run_jobs belong to no row of runs" in verify(sound)


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    """An index that no longer says what its table says."""
    database = connect(f"sqlite:///{tmp_path}/c.db")
    schema.ensure(database)
    SqlJournal(database).set_container("quite-unlike-anything", enabled=True)
    database.close()
    path = tmp_path / "c.db"
    content = path.read_bytes()
    assert content.count(b"quite-unlike-anything") >= 2
    before, after = content.rsplit(b"quite-unlike-anything", 1)
    path.write_bytes(before + b"quite-unlike-anythinG" + after)
    assert any("the file is damaged" in problem for problem in verify(database))
    database.close()
