"""What is written comes back the same, all of it or nothing, and never goes backwards."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from cyberbrain_cli.core.errors import CyberbrainError, NotFound, RunFailed
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import (
    ArtifactRecord,
    ContainerInfo,
    ContainerReading,
    Cost,
    Cursor,
    ErrorRecord,
    Gap,
    JobSettlement,
    TokenCount,
    Truncation,
)
from cyberbrain_cli.store.database import RecordConflict
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.reports import Reports
from tests.store.samples import call, new_run, settlement, started

NANOSECONDS = 1_795_000_000_123_456_789


def test_a_run_comes_back_as_it_was_written(journal: SqlJournal, reports: Reports) -> None:
    run_id, job_id = started(journal, run_key="key-1")
    journal.record_call(call(run_id, job_id))
    journal.settle_job(job_id, settlement(run_id))
    journal.finish_run(run_id, Status.SUCCEEDED, ["no model"])
    run = reports.run(run_id)
    assert (run.directive, run.directive_version, run.run_key) == ("nightly", 3, "key-1")
    assert (run.status, run.degraded, run.degraded_reasons) == ("succeeded", True, ("no model",))
    assert run.labels == {"team": "ops"}
    assert run.tokens == TokenCount(1000, 100, 1100)
    assert run.cost == Cost(Decimal("0.00021"), "USD", 0)
    first, second = run.jobs
    assert (first.status, second.status) == ("succeeded", "cancelled")
    assert first.containers == (ContainerReading("db", "id-db", None, 100, 5, 50, 2),)
    assert first.artifacts == (
        ArtifactRecord(
            first.artifacts[0].id,
            "analysis",
            "application/json",
            f"run_{run_id}/first/a.json",
            7,
            "ab",
        ),
    )
    summary = reports.runs()[0]
    assert summary.findings == {"critical": 1, "warning": 0, "info": 1}
    assert summary.started_at is not None
    assert summary.started_at.tzinfo is not None
    assert reports.run_by_key("key-1") == run_id


def test_nanoseconds_gaps_and_truncations_survive(journal: SqlJournal, reports: Reports) -> None:
    run_id, job_id = started(journal)
    reading = ContainerReading(
        "db",
        "id-db",
        NANOSECONDS,
        NANOSECONDS + 1,
        gap=Gap(NANOSECONDS, NANOSECONDS + 5, 5e-9),
        truncated=Truncation("max_lines", 10, NANOSECONDS + 2),
    )
    journal.settle_job(job_id, replace(settlement(run_id), containers=(reading,)))
    assert reports.run(run_id).jobs[0].containers == (reading,)


def test_a_failed_job_moves_no_cursor_and_remembers_no_pattern(
    journal: SqlJournal, reports: Reports
) -> None:
    run_id, job_id = started(journal)
    failed = replace(
        settlement(run_id, status=Status.FAILED),
        error=ErrorRecord("run_failed", "It broke.", "Mend it."),
    )
    journal.settle_job(job_id, failed)
    assert reports.cursors("nightly", "first") == {}
    assert reports.seen("nightly", "first") == {}
    assert reports.run(run_id).error == ErrorRecord("run_failed", "It broke.", "Mend it.")


def test_the_cursor_success_and_artifacts_are_one_transaction(
    journal: SqlJournal, reports: Reports
) -> None:
    run_id, job_id = started(journal)
    journal.settle_job(job_id, settlement(run_id))
    again, again_job = started(journal, "nightly")
    clash = replace(settlement(run_id), cursors=(Cursor("id-db", "db", 900, 900),))
    with pytest.raises(CyberbrainError):
        journal.settle_job(again_job, clash)  # the artifact's path is taken
    assert reports.cursors("nightly", "first")["id-db"].until == 100
    assert reports.run(again).jobs[0].status is Status.RUNNING


@pytest.mark.parametrize(
    ("after", "until", "expected"),
    [
        (100, 200, 200),  # goes on exactly where the last one ended
        (50, 200, 200),  # overlaps what was read
        (None, 200, 200),  # from the beginning
        (101, 200, 100),  # leaves a line out: the cursor stays
        (0, 60, 100),  # a look back at what was read already
    ],
)
def test_a_cursor_only_goes_forward_and_never_over_a_gap(
    journal: SqlJournal, reports: Reports, after: int | None, until: int, expected: int
) -> None:
    run_id, job_id = started(journal)
    journal.settle_job(job_id, settlement(run_id, None, 100))
    run_id, job_id = started(journal)
    journal.settle_job(job_id, settlement(run_id, after, until))
    assert reports.cursors("nightly", "first")["id-db"].until == expected


def test_each_directive_and_job_has_cursors_and_memories_of_its_own(
    journal: SqlJournal, reports: Reports
) -> None:
    run_id, job_id = started(journal, "hourly")
    journal.settle_job(job_id, settlement(run_id))
    assert reports.cursors("nightly", "first") == {}
    assert reports.cursors("hourly", "second") == {}
    assert reports.cursors("hourly", "first")["id-db"] == Cursor("id-db", "db", 100, 99)
    assert reports.seen("hourly", "first") == {"db": frozenset({"print"})}


def test_the_ledger_never_invents_what_it_was_not_told(
    journal: SqlJournal, reports: Reports
) -> None:
    run_id, job_id = started(journal)
    journal.record_call(
        call(
            run_id, job_id, outcome="timeout", prompt_tokens=None, completion_tokens=None, cost=None
        )
    )
    journal.record_call(call(run_id, job_id, price=None, cost=None, estimated=True))
    run = reports.run(run_id)
    assert run.tokens == TokenCount(1000, 100, 1100, estimated=True, unknown_calls=1)
    assert run.cost == Cost(None, None, 2)


def test_money_adds_up_exactly_and_never_across_currencies(
    journal: SqlJournal, reports: Reports
) -> None:
    run_id, job_id = started(journal)
    tenth = Decimal("0.1")
    for _ in range(10):
        journal.record_call(call(run_id, job_id, cost=tenth))
    euro = replace(call(run_id, job_id).price, currency="EUR")  # type: ignore[type-var]
    journal.record_call(call(run_id, job_id, cost=tenth, price=euro))
    assert reports.run(run_id).cost == Cost(Decimal("1.0"), "USD", 1)


def test_a_run_that_was_ended_elsewhere_is_not_overwritten(
    journal: SqlJournal, reports: Reports
) -> None:
    run_id, job_id = started(journal)
    journal.interrupt_run(run_id)
    with pytest.raises(RunFailed, match="is interrupted by now"):
        journal.settle_job(job_id, settlement(run_id))
    with pytest.raises(RunFailed):
        journal.finish_run(run_id, Status.SUCCEEDED, ())
    run = reports.run(run_id)
    assert (run.status, run.jobs[0].status) == ("interrupted", "interrupted")
    assert reports.cursors("nightly", "first") == {}


def test_a_run_key_can_be_used_once(journal: SqlJournal) -> None:
    journal.create_run(new_run(run_key="once"))
    with pytest.raises(CyberbrainError, match="'once' is taken"):
        journal.create_run(new_run(run_key="once"))


def test_cancelling_is_heard_by_the_heartbeat(journal: SqlJournal, reports: Reports) -> None:
    run_id, _ = started(journal)
    assert journal.heartbeat(run_id) is False
    journal.request_cancel(run_id)
    assert journal.heartbeat(run_id) is True
    assert [run.id for run in reports.active_runs()] == [run_id]


def test_an_unknown_job_cannot_be_started(journal: SqlJournal) -> None:
    with pytest.raises(NotFound):
        journal.start_job(12345)


def test_the_allowlist_tells_whether_anything_changed(
    journal: SqlJournal, reports: Reports
) -> None:
    assert journal.set_container("db", enabled=True, note="the shop's")
    assert not journal.set_container("db", enabled=True)
    assert journal.set_container("db", enabled=False)
    (entry,) = reports.allowlist()
    assert (entry.name, entry.enabled, entry.note) == ("db", False, "the shop's")
    assert journal.remove_container("db")
    assert not journal.remove_container("db")
    assert journal.set_image("w:1", "sha256:a", enabled=True)
    assert journal.set_image("w:1", "sha256:b", enabled=True)
    assert reports.images()[0].digest == "sha256:b"
    assert journal.remove_image("w:1")


def test_what_an_image_may_is_kept_until_it_is_said_anew(
    journal: SqlJournal, reports: Reports
) -> None:
    def allowed() -> tuple[str, ...]:
        return reports.images()[0].allows

    assert journal.set_image("w:1", "sha256:a", enabled=True)
    assert allowed() == ()
    assert journal.set_image("w:1", "sha256:a", enabled=True, allows=["pull", "network"])
    assert allowed() == ("network", "pull")
    assert not journal.set_image("w:1", "sha256:a", enabled=True, allows=["network", "pull"])
    assert journal.set_image("w:1", "sha256:a", enabled=False)
    assert allowed() == ("network", "pull")
    assert journal.set_image("w:1", "sha256:a", enabled=True, allows=())
    assert allowed() == ()


def test_the_inventory_keeps_the_latest_of_each_container(
    journal: SqlJournal, reports: Reports
) -> None:
    journal.note_containers([ContainerInfo("1", "db", "pg:14", "running")])
    journal.note_containers([ContainerInfo("1", "db", "pg:15", "exited")])
    assert reports.inventory() == [ContainerInfo("1", "db", "pg:15", "exited")]


def test_the_inventory_keeps_what_compose_says(journal: SqlJournal, reports: Reports) -> None:
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "db"}
    journal.note_containers(ContainerInfo(id_, "n", "i", "s", labels | {"x": "y"}) for id_ in "ba")
    (first, _) = reports.inventory()
    assert (first.compose_project, first.compose_service) == ("shop", "db")


def test_text_that_no_database_can_hold_ends_no_run(journal: SqlJournal, reports: Reports) -> None:
    hostile = "a\0b\ud800c\U0001f40d"
    shown = "a\ufffdb\ufffdc\U0001f40d"
    assert journal.set_container(hostile, enabled=True, note=hostile)
    assert not journal.set_container(hostile, enabled=True)
    assert [entry.name for entry in reports.allowlist()] == [shown]
    labels = {"com.docker.compose.project": hostile}
    journal.note_containers([ContainerInfo("1", hostile, hostile, "running", labels)])
    assert reports.inventory()[0].compose_project == shown
    run_id, jobs = journal.create_run(replace(new_run(hostile), labels={"l": "\ud800"}))
    journal.start_run(run_id)
    journal.start_job(jobs["first"])
    journal.record_call(call(run_id, jobs["first"], model=hostile, finish_reason=hostile))
    error = ErrorRecord("x", "half a pair \udc00")
    journal.settle_job(
        jobs["first"], replace(settlement(run_id, status=Status.FAILED), error=error)
    )
    assert [run.id for run in reports.runs(directive=hostile)] == [run_id]
    assert reports.run(run_id).labels == {"l": "\ufffd"}
    assert reports.run(run_id).error == ErrorRecord("x", "half a pair \ufffd")
    assert [row.keys["model"] for row in reports.costs(["model"])[0]] == [shown]


@pytest.mark.parametrize(
    "changes",
    [
        {"cost": Decimal(10**7)},
        {"prompt_tokens": 10**30},
        {"cost": Decimal(6 * 10**6)},
        {"completion_tokens": 2**62},
    ],
)
def test_a_sum_that_cannot_be_exact_is_refused_and_not_rounded(
    journal: SqlJournal, reports: Reports, changes: dict[str, object]
) -> None:
    run_id, job_id = started(journal)
    again = call(run_id, job_id, **changes)
    with pytest.raises(RecordConflict):
        journal.record_calls([again, again])
    run = reports.run(run_id)
    assert isinstance(run.tokens.completion, int)
    assert run.cost.amount in (None, Decimal(6 * 10**6), Decimal("0.00021"))


def test_hostile_text_is_only_text(journal: SqlJournal, reports: Reports) -> None:
    name = "'; DROP TABLE runs; --\u202e\x1b[31m"
    journal.set_container(name, enabled=True, note="[red]x")
    run_id, job_id = started(journal, name)
    journal.settle_job(job_id, JobSettlement(Status.SUCCEEDED))
    assert reports.allowlist()[0].name == name
    assert reports.runs(directive=name)[0].id == run_id
