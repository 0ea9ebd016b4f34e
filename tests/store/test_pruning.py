"""Old runs go; the sums, and whatever the next launch goes by, stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cyberbrain_cli.core.errors import NotFound
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.prune import OldRun, Retention
from cyberbrain_cli.core.records import JobSettlement
from cyberbrain_cli.store.database import Database
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.pruning import SqlPruning
from cyberbrain_cli.store.reports import Reports
from cyberbrain_cli.store.verify import verify
from tests.store.samples import THEN, call, new_run, settlement, started

DAY = timedelta(days=1)
S, F = Status.SUCCEEDED, Status.FAILED


def runs(database: Database, *ends: tuple[str, Status]) -> None:
    """Ended runs of these directives, a day apart each, with a call to the model each."""
    for day, (directive, status) in enumerate(ends):
        journal = SqlJournal(database, lambda day=day: THEN + day * DAY)  # type: ignore[misc]
        run_id, job_id = started(journal, directive)
        journal.record_call(call(run_id, job_id))
        done = settlement(run_id, until=(day + 1) * 100, status=status)
        journal.settle_job(job_id, done)
        journal.start_job(job_id + 1)
        journal.settle_job(job_id + 1, JobSettlement(status))
        journal.finish_run(run_id, status, ())


def going(database: Database, wanted: Retention) -> list[int]:
    return list(SqlPruning(database).candidates(wanted))


def test_runs_go_by_age_and_by_number_of_each_directive(database: Database) -> None:
    runs(database, ("a", S), ("a", S), ("b", S), ("a", S), ("b", S), ("a", S))
    assert going(database, Retention(THEN + 3 * DAY)) == [1, 2, 3]
    assert going(database, Retention(keep_last=2)) == [1, 2]
    assert going(database, Retention(keep_last=1)) == [1, 2, 3, 4]
    assert going(database, Retention(THEN + 2 * DAY, keep_last=1)) == [1, 2]
    assert going(database, Retention(THEN + 9 * DAY, keep_last=3)) == [1]
    assert going(database, Retention(keep_last=10**30)) == []
    assert going(database, Retention()) == []


def test_the_last_success_that_a_cursor_stands_on_stays_whatever_its_age(
    database: Database,
) -> None:
    runs(database, ("a", S), ("a", S), ("a", F), ("a", F), ("b", F))
    SqlJournal(database).create_run(new_run("a"))
    assert going(database, Retention(keep_last=0)) == [1, 3, 4, 5]


def test_a_running_run_is_never_marked(database: Database, journal: SqlJournal) -> None:
    run_id, _ = started(journal)
    assert SqlPruning(database).mark([run_id]) == []
    assert SqlPruning(database).marked(0, 9) == []


def test_a_run_that_is_being_retried_stays_and_so_does_what_it_retried(database: Database) -> None:
    """A job of the retry may read what a job of the first try wrote."""
    runs(database, ("a", S), ("a", S), ("a", F))
    journal = SqlJournal(database)
    again, _ = journal.create_run(replace(new_run("a"), retry_of=1))
    journal.start_run(again)
    journal.finish_run(again, F, ())
    retry, _ = journal.create_run(replace(new_run("a"), retry_of=again))
    pruning = SqlPruning(database)
    assert going(database, Retention(keep_last=0)) == [3]
    assert [run.id for run in pruning.mark([1, 3, again])] == [3], "begun after they were chosen"
    journal.start_run(retry)
    journal.finish_run(retry, F, ())
    assert going(database, Retention(keep_last=0)) == [1, again, retry]


def test_a_marked_run_is_shown_to_nobody(database: Database, reports: Reports) -> None:
    runs(database, ("a", S), ("a", S))
    pruning = SqlPruning(database)
    assert pruning.sized([1, 2]) == [OldRun(1, 1, 7), OldRun(2, 1, 7)]
    assert pruning.mark([1]) == [OldRun(1, 1, 7)]
    assert pruning.marked(0, 9) == [OldRun(1, 1, 7)]
    assert pruning.marked(1, 9) == []
    assert [run.id for run in reports.runs()] == [2]
    assert [entry.run_id for entry in reports.artifacts()] == [2]
    assert reports.last_ended("a", 2) == [2]
    for look in (reports.run, reports.artifact, reports.past_launch):
        with pytest.raises(NotFound):
            look(1)
    assert going(database, Retention(keep_last=0)) == []


def test_what_was_spent_and_how_far_was_read_stays(database: Database, reports: Reports) -> None:
    runs(database, ("a", S), ("a", S), ("a", S))
    before = reports.costs(("day", "directive", "model")), reports.metrics()
    place = reports.cursors("a", "first"), reports.seen("a", "first")
    pruning = SqlPruning(database)
    pruning.mark([1, 2])
    pruning.remove([1, 2, 3])
    assert [run.id for run in reports.runs()] == [3]
    assert (reports.costs(("day", "directive", "model")), reports.metrics()) == before
    assert (reports.cursors("a", "first"), reports.seen("a", "first")) == place
    (kept,) = reports.previous_artifacts("a", "first", "analysis")
    assert kept.path == "run_3/first/a.json"
    assert verify(database) == []
    with database.reading() as connection:
        for table in ("run_jobs", "artifacts", "llm_calls"):
            rows = connection.exec_driver_sql(f"SELECT DISTINCT run_id FROM {table}").all()
            assert [tuple(row) for row in rows] == [(3,)], table
