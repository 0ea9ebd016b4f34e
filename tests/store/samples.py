"""Records to write."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import (
    ContainerReading,
    Cursor,
    FindingCount,
    JobSettlement,
    LlmCall,
    NewArtifact,
    NewJob,
    NewRun,
    PatternSighting,
    Price,
)
from cyberbrain_cli.store.journal import SqlJournal

THEN = datetime(2026, 11, 23, 3, 0, 0, 123456, tzinfo=UTC)
PRICE = Price("USD", Decimal("0.15"), None, Decimal("0.60"))


def new_run(directive: str = "nightly", run_key: str | None = None) -> NewRun:
    jobs = (NewJob("first", "log_triage", 0, {"n": 1}), NewJob("second", "log_triage", 1, {}))
    return NewRun(
        directive=directive,
        directive_version=3,
        directive_sha256=f"sha-{directive}",
        directive_text=f"name: {directive}\n",
        host="box",
        pid=42,
        boot_id="boot",
        lock_name=directive,
        run_key=run_key,
        labels={"team": "ops"},
        jobs=jobs,
    )


def started(
    journal: SqlJournal, directive: str = "nightly", run_key: str | None = None
) -> tuple[int, int]:
    """A running run; its id and that of its first job, which is running too."""
    run_id, jobs = journal.create_run(new_run(directive, run_key))
    journal.start_run(run_id)
    journal.start_job(jobs["first"])
    return run_id, jobs["first"]


def call(run_id: int, job_id: int, **changes: object) -> LlmCall:
    values: dict[str, object] = {
        "run_id": run_id,
        "job_id": job_id,
        "task": "log_triage",
        "container": "db",
        "purpose": "triage",
        "endpoint": "127.0.0.1:8080",
        "model": "small",
        "attempt": 1,
        "started_at": THEN,
        "duration_seconds": 1.5,
        "outcome": "ok",
        "http_status": 200,
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "price": PRICE,
        "cost": Decimal("0.00021"),
    }
    return LlmCall(**(values | changes))  # type: ignore[arg-type]


def settlement(
    run_id: int, after: int | None = None, until: int = 100, status: Status = Status.SUCCEEDED
) -> JobSettlement:
    return JobSettlement(
        status=status,
        containers=(ContainerReading("db", "id-db", after, until, lines=5, bytes=50, patterns=2),),
        findings=(
            FindingCount("f1", "critical", "new"),
            FindingCount("f2", "info", "ongoing"),
            FindingCount("f3", "critical", "resolved"),
        ),
        artifacts=(
            NewArtifact("analysis", "application/json", f"run_{run_id}/first/a.json", 7, "ab"),
        ),
        cursors=(Cursor("id-db", "db", until, until - 1),),
        patterns=(PatternSighting("db", "print", 3),),
    )
