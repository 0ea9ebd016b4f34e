"""Lists: newest first, filtered, and at most as many as asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cyberbrain_cli.core.errors import NotFound
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.store import schema
from cyberbrain_cli.store.database import Database, connect
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.reports import Reports
from tests.store.samples import THEN, new_run, settlement, started


@pytest.fixture
def three(database: Database) -> None:
    """A failed, a succeeded and a pending run, a day apart each."""
    days: Iterator[datetime] = iter(THEN + timedelta(days=number) for number in (0, 1, 2))
    today = next(days)
    journal = SqlJournal(database, lambda: today)
    for status in (Status.FAILED, Status.SUCCEEDED):
        run_id, job_id = started(journal, "nightly")
        journal.settle_job(job_id, settlement(run_id, status=status))
        journal.finish_run(run_id, status, ())
        today = next(days)
    journal.create_run(new_run("hourly"))


@pytest.mark.usefixtures("three")
def test_runs_are_listed_newest_first_and_filtered(reports: Reports) -> None:
    assert [run.id for run in reports.runs()] == [3, 2, 1]
    assert [run.id for run in reports.runs(limit=2)] == [3, 2]
    assert [run.id for run in reports.runs(limit=None)] == [3, 2, 1]
    assert [run.id for run in reports.runs(limit=10**30)] == [3, 2, 1]
    assert [run.id for run in reports.runs(status=Status.FAILED)] == [1]
    assert [run.id for run in reports.runs(directive="nightly")] == [2, 1]
    assert [run.id for run in reports.runs(since=THEN + timedelta(days=1))] == [3, 2]
    assert [run.created_at for run in reports.runs(limit=1)] == [THEN + timedelta(days=2)]
    assert reports.runs(directive="none") == []


@pytest.mark.usefixtures("three")
def test_artifacts_are_listed_newest_first_and_filtered(reports: Reports) -> None:
    assert [entry.run_id for entry in reports.artifacts()] == [2, 1]
    assert [entry.run_id for entry in reports.artifacts(run_id=1)] == [1]
    assert reports.artifacts(kind="report") == []
    assert reports.artifact(2).path == "run_2/first/a.json"
    assert reports.artifact(2).job_key == "first"
    (last,) = reports.previous_artifacts("nightly", "first", "analysis")
    assert last.path == "run_2/first/a.json"
    assert reports.previous_artifacts("nightly", "second", "analysis") == []


def test_a_retry_that_read_the_past_again_is_not_what_the_next_run_goes_on_from(
    database: Database, reports: Reports
) -> None:
    journal = SqlJournal(database)

    def ended(until: int, status: Status, retry_of: int | None = None) -> int:
        run_id, jobs = journal.create_run(replace(new_run(), retry_of=retry_of))
        journal.start_run(run_id)
        journal.start_job(jobs["first"])
        journal.settle_job(jobs["first"], settlement(run_id, until=until, status=status))
        journal.finish_run(run_id, status, ())
        return run_id

    def previous() -> list[str]:
        found = reports.previous_artifacts("nightly", "first", "analysis")
        return [artifact.path for artifact in found]

    first = ended(100, Status.FAILED)
    again = ended(100, Status.SUCCEEDED, first)
    assert previous() == [f"run_{again}/first/a.json"]
    failed = ended(200, Status.FAILED)
    later = ended(300, Status.SUCCEEDED)
    once = ended(200, Status.FAILED, failed)
    ended(200, Status.SUCCEEDED, once)
    assert reports.cursors("nightly", "first")["id-db"].until == 300, "never backwards"
    assert previous() == [f"run_{later}/first/a.json"]
    assert reports.last_ended("nightly", 9) == [first, failed, later]
    assert reports.retries("nightly", failed) == [once, once + 1]
    last = ended(400, Status.SUCCEEDED)
    assert previous() == [f"run_{last}/first/a.json"]


@pytest.mark.parametrize("number", [0, -1, 12345, 10**30])
def test_what_is_not_there_is_not_found(reports: Reports, number: int) -> None:
    with pytest.raises(NotFound, match="There is no run"):
        reports.run(number)
    with pytest.raises(NotFound, match="There is no artifact"):
        reports.artifact(number)


_LIST = """
import sys
from cyberbrain_cli.store import schema, tables
from cyberbrain_cli.store.database import connect
from cyberbrain_cli.store.reports import Reports
database = connect(sys.argv[1])
schema.ensure(database)
assert Reports(database).runs() == []
heavy = {"alembic", "psycopg", "sqlalchemy.dialects.postgresql"} & sys.modules.keys()
print(sorted(heavy), [name for name in sys.modules if name.startswith(f"{tables.__name__}.")])
"""


def test_a_list_loads_no_more_than_it_shows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/c.db"
    database = connect(url)
    schema.ensure(database)
    database.close()
    shown = subprocess.run([sys.executable, "-c", _LIST, url], capture_output=True, text=True)
    package = schema.__name__.rpartition(".")[0]
    assert shown.stdout == f"[] ['{package}.tables.columns', '{package}.tables.runs']\n"
