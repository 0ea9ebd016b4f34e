"""What Prometheus counts: never less than before, and never more series than it can hold."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cyberbrain_cli.core.errors import CyberbrainError, RunFailed
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import JobSettlement
from cyberbrain_cli.store import labels, schema
from cyberbrain_cli.store.database import Database, connect
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.reports import Reports
from tests.store.samples import call, new_run, settlement, started

Figures = dict[tuple[str, ...], int]


def figures(reports: Reports, *meters: str) -> Figures:
    """The counters by meter and labels, or those of some meters."""
    return {
        (one.meter, *filter(None, one.labels)): one.value
        for one in reports.metrics().counters
        if not meters or one.meter in meters
    }


def ended(journal: SqlJournal, status: Status = Status.SUCCEEDED) -> int:
    """A run whose first job ends like this, and it too."""
    run_id, job_id = started(journal)
    done = settlement(run_id) if status is Status.SUCCEEDED else JobSettlement(status)
    journal.settle_job(job_id, done)
    journal.finish_run(run_id, status, ())
    return run_id


def test_what_is_rolled_back_was_never_counted(journal: SqlJournal, reports: Reports) -> None:
    run_id, job_id = started(journal)
    journal.settle_job(job_id, settlement(run_id))
    before = figures(reports)
    with pytest.raises(RunFailed):
        journal.settle_job(job_id, settlement(run_id))
    with pytest.raises(CyberbrainError):
        journal.record_calls([call(run_id, job_id), call(run_id, 10**6)])
    assert figures(reports) == before


def test_a_run_that_was_killed_is_counted_when_the_next_finds_it(
    journal: SqlJournal, reports: Reports
) -> None:
    run_id, _ = started(journal)
    assert reports.metrics().active_runs == 1
    journal.interrupt_run(run_id)
    with pytest.raises(RunFailed):
        journal.interrupt_run(run_id)
    found = figures(reports, "runs_finished", "jobs_finished")
    assert found == {
        ("runs_finished", "nightly", "interrupted"): 1,
        ("jobs_finished", "log_triage", "interrupted"): 2,
    }
    assert reports.metrics().active_runs == 0


def test_a_run_that_came_to_nothing_leaves_the_findings_that_were_known(
    journal: SqlJournal, reports: Reports
) -> None:
    ended(journal)
    known = figures(reports, "findings", "last_success")
    assert known["findings", "nightly", "critical", "new"] == 1
    for status in (Status.FAILED, Status.CANCELLED):
        ended(journal, status)
        assert figures(reports, "findings", "last_success") == known
    run_id, job_id = started(journal)
    journal.settle_job(job_id, JobSettlement(Status.SUCCEEDED))
    journal.finish_run(run_id, Status.SUCCEEDED, ())
    assert figures(reports, "findings") == {}


def test_a_run_that_did_without_something_is_counted_as_such(
    journal: SqlJournal, reports: Reports
) -> None:
    for reasons in ((), ("The model does not answer.", "A log was rotated.")):
        run_id, _ = started(journal)
        journal.finish_run(run_id, Status.FAILED, reasons)
    assert figures(reports, "runs_degraded") == {("runs_degraded", "nightly"): 1}


def test_jobs_that_end_while_their_run_is_ended_are_counted_once(
    database: Database, reports: Reports
) -> None:
    journals = SqlJournal(database), SqlJournal(database)
    for _ in range(10):
        run_id, job_id = started(journals[0])
        start = threading.Barrier(2)

        def settle(
            run_id: int = run_id, job_id: int = job_id, at: threading.Barrier = start
        ) -> None:
            at.wait()
            try:
                journals[1].settle_job(job_id, settlement(run_id))
            except RunFailed:
                return

        thread = threading.Thread(target=settle)
        thread.start()
        start.wait()
        journals[0].finish_run(run_id, Status.CANCELLED, ())
        thread.join()
    found = figures(reports, "jobs_created", "jobs_finished")
    created = found.pop(("jobs_created", "log_triage"))
    assert (created, sum(found.values())) == (20, 20)


def test_names_made_up_anew_each_time_end_as_others(
    journal: SqlJournal, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "MOST_LABELS", 3)
    run_id, job_id = started(journal)
    for number in range(6):
        journal.record_call(call(run_id, job_id, model=f"model-{number}"))
    journal.record_call(call(run_id, job_id, model="model-0", endpoint="127.0.0.1:9"))
    found = figures(reports, "llm_calls")
    assert found == {
        **{("llm_calls", f"model-{n}", "127.0.0.1:8080", "ok"): 1 for n in range(3)},
        ("llm_calls", "other", "other", "ok"): 4,
    }
    tokens = figures(reports, "llm_tokens")
    assert tokens["llm_tokens", "other", "prompt"] == 4000
    for number in range(5):
        one, _ = journal.create_run(new_run(f"made-up-{number}"))
        journal.start_run(one)
        journal.finish_run(one, Status.FAILED, ())
    runs = figures(reports, "runs_finished")
    assert runs["runs_finished", "other", "failed"] == 2
    assert len(runs) == 4


def test_a_process_that_knows_no_name_yet_finds_those_of_the_records(
    database: Database, journal: SqlJournal, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, job_id = started(journal)
    journal.record_call(call(run_id, job_id))
    monkeypatch.setattr(labels, "MOST_LABELS", 1)
    labels._known.clear()
    journal.record_call(call(run_id, job_id))
    assert figures(reports, "llm_calls") == {("llm_calls", "small", "127.0.0.1:8080", "ok"): 2}


def test_two_databases_know_nothing_of_each_other(
    journal: SqlJournal, reports: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "MOST_LABELS", 1)
    ended(journal)
    other = connect(f"sqlite:///{tmp_path}/other.db")
    schema.upgrade(other)
    run_id, _ = SqlJournal(other).create_run(new_run("weekly"))
    SqlJournal(other).interrupt_run(run_id)
    assert figures(Reports(other), "runs_finished") == {
        ("runs_finished", "weekly", "interrupted"): 1
    }
    assert figures(reports, "runs_finished") == {("runs_finished", "nightly", "succeeded"): 1}
    other.close()
