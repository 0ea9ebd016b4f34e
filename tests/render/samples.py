"""A run with something of everything, hostile text included."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from cyberbrain_cli.core.findings import Evidence, Finding, FindingState, Severity, Source
from cyberbrain_cli.core.incidents import Chain, Link, Story
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import (
    ArtifactRecord,
    ContainerReading,
    Cost,
    Gap,
    JobRecord,
    RunDocument,
    RunRecord,
    RunSummary,
    TokenCount,
    Truncation,
)

T0 = 1_795_402_800_000_000_000
START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HOSTILE = "\x1b[2J[red]x[/red] \u202egnp.exe\x9b31m <b>`rm`</b>\r\nnext"
TOKENS = TokenCount(3100, 412, 3512)
COST = Cost(Decimal("0.0021"), "USD", 0)


def finding(**changes: object) -> Finding:
    values: dict[str, object] = {
        "id": "a1",
        "severity": Severity.CRITICAL,
        "state": FindingState.NEW,
        "title": "upstream refused connections",
        "explanation": "The database was not listening.",
        "suggestion": "Start the database.",
        "container": "shop-app",
        "source": Source.RULE,
        "pattern": "P3",
        "count": 231,
        "first_seen": T0,
        "last_seen": T0 + 5_000_000_001,
        "evidence": (Evidence(T0 + 123, "stderr", "connect ECONNREFUSED 10.0.0.3:5432"),),
    }
    return Finding(**{**values, **changes})  # type: ignore[arg-type]


def chain(text: str = "shop-db: disk full at 02:58:51 → shop-app: refused at 02:58:53") -> Chain:
    root = Link("shop-db", "b2", text, 1, T0)
    return Chain(text, (root, Link("shop-app", "a1", text, 231, T0 + 9, "shop-db", text)))


def story(text: str = "The database was full [1].") -> Story:
    return Story(text, ("a1",), text, 2)


READING = ContainerReading(
    name="shop-db",
    container_id="c0ffee",
    after=T0,
    until=T0 + 60_000_000_000,
    lines=18234,
    bytes=2_001_231,
    patterns=37,
    gap=Gap(T0, T0 + 2_000_000_000, 2.0),
    truncated=Truncation("lines", 10000, T0 + 30_000_000_000),
)


def run(**changes: object) -> RunRecord:
    job = JobRecord(
        id=7,
        key="log_triage",
        task="log_triage",
        status=Status.SUCCEEDED,
        started_at=START,
        finished_at=START,
        duration_seconds=11.9,
        degraded_reasons=(),
        error=None,
        tokens=TOKENS,
        cost=COST,
        containers=(READING,),
        artifacts=(
            ArtifactRecord(9, "report", "text/markdown", "run_42/log_triage/report.md", 5123, "ab"),
        ),
    )
    values: dict[str, object] = {
        "id": 42,
        "directive": "nightly",
        "directive_version": 3,
        "status": Status.SUCCEEDED,
        "degraded": False,
        "degraded_reasons": (),
        "host": "box",
        "run_key": None,
        "labels": {},
        "created_at": START,
        "started_at": START,
        "finished_at": START,
        "duration_seconds": 12.3,
        "error": None,
        "tokens": TOKENS,
        "cost": COST,
        "jobs": (job,),
    }
    return RunRecord(**{**values, **changes})  # type: ignore[arg-type]


def document(*findings: Finding, **changes: object) -> RunDocument:
    return RunDocument(1, run(**changes), findings)


def with_incident(text: str) -> RunDocument:
    return replace(document(finding()), chains=(chain(text),), stories=(story(text),))


def summary(**changes: object) -> RunSummary:
    values: dict[str, object] = {
        "id": 42,
        "directive": "nightly",
        "directive_version": 3,
        "status": Status.SUCCEEDED,
        "degraded": True,
        "host": "box",
        "run_key": None,
        "labels": {},
        "created_at": START,
        "started_at": START,
        "finished_at": START,
        "duration_seconds": 12.3,
        "tokens": TOKENS,
        "cost": COST,
        "findings": {"critical": 2},
    }
    return RunSummary(**{**values, **changes})  # type: ignore[arg-type]
