"""From rows to records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import (
    ArtifactRecord,
    ContainerReading,
    ErrorRecord,
    Gap,
    JobRecord,
    RunRecord,
    RunSummary,
    Truncation,
)
from cyberbrain_cli.store.usage import cost_of, tokens_of

Row = Mapping[Any, Any]


def run_summary(row: Row) -> RunSummary:
    """A run as a list shows it."""
    return RunSummary(
        **_common(row),
        findings={name: row[f"{name}_findings"] for name in ("critical", "warning", "info")},
    )


def run_record(row: Row, jobs: Sequence[Row], artifacts: Sequence[Row]) -> RunRecord:
    """A run with its jobs; its error is that of the first job that failed."""
    records = tuple(_job(job, artifacts) for job in jobs)
    return RunRecord(
        **_common(row),
        degraded_reasons=tuple(row["degraded_reasons"]),
        warnings=tuple(row["warnings"]),
        error=next((job.error for job in records if job.error is not None), None),
        jobs=records,
    )


def compose_labels(row: Row) -> dict[str, str]:
    """The labels of a container that the inventory keeps."""
    kept = {name: row[f"compose_{name}"] for name in ("project", "service")}
    return {f"com.docker.compose.{name}": value for name, value in kept.items() if value}


def _common(row: Row) -> dict[str, Any]:
    same = ("id", "directive", "directive_version", "degraded", "host", "run_key", "labels")
    times = ("created_at", "started_at", "finished_at")
    return {name: row[name] for name in (*same, *times, "retry_of")} | {
        "status": Status(row["status"]),
        "duration_seconds": _duration(row["started_at"], row["finished_at"]),
        "tokens": tokens_of(row),
        "cost": cost_of(row),
    }


def _job(row: Row, artifacts: Sequence[Row]) -> JobRecord:
    return JobRecord(
        id=row["id"],
        key=row["key"],
        task=row["task"],
        status=Status(row["status"]),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        duration_seconds=_duration(row["started_at"], row["finished_at"]),
        degraded_reasons=tuple(row["degraded_reasons"]),
        error=ErrorRecord(**row["error"]) if row["error"] else None,
        tokens=tokens_of(row),
        cost=cost_of(row),
        containers=tuple(_reading(reading) for reading in row["containers"]),
        artifacts=tuple(artifact_record(item) for item in artifacts if item["job_id"] == row["id"]),
    )


def _reading(stored: Row) -> ContainerReading:
    gap, truncated = stored["gap"], stored["truncated"]
    return ContainerReading(
        **{
            **stored,
            "gap": Gap(**gap) if gap else None,
            "truncated": Truncation(**truncated) if truncated else None,
        }
    )


def artifact_record(row: Row) -> ArtifactRecord:
    """A file that a run wrote."""
    return ArtifactRecord(
        row["id"], row["kind"], row["media_type"], row["path"], row["size_bytes"], row["sha256"]
    )


def _duration(started: datetime | None, finished: datetime | None) -> float | None:
    if started is None or finished is None:
        return None
    return round((finished - started).total_seconds(), 3)
