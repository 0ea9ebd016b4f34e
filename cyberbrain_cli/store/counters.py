"""Counters for Prometheus, changed in the transaction of what they count.

Launching processes are short-lived, so nothing in memory could count; and rows may be pruned, so
nothing could be counted again. Durations are kept in microseconds, money in billionths.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, delete, select

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.metering import BUCKETS, MICRO, NANO, Meter
from cyberbrain_cli.core.records import ContainerReading, LlmCall, NewRun
from cyberbrain_cli.store.labels import told_apart
from cyberbrain_cli.store.sql import COUNTERS, JOBS, RUNS, upsert

_KEYS = ("a", "b", "c")
_Tally = Counter[tuple[str, ...]]


def run_created(connection: Connection, run: NewRun) -> None:
    """A run and its jobs were recorded."""
    tally = _Tally({(Meter.RUNS_CREATED,): 1})
    tally.update((Meter.JOBS_CREATED, job.task) for job in run.jobs)
    _add(connection, tally)


def jobs_ended(connection: Connection, which: Any, status: Status, now: datetime) -> None:
    """The jobs that `which` selects end with this status, and nobody else may end them now."""
    tally = _Tally()
    ending = select(JOBS.c.task, JOBS.c.started_at).where(which).with_for_update()
    for job in connection.execute(ending):
        tally[Meter.JOBS_FINISHED, job.task, status.value] += 1
        if job.started_at is not None:
            _time(tally, Meter.JOB_TIME, job.task, (now - job.started_at).total_seconds())
    _add(connection, tally)


def run_ended(
    connection: Connection, run_id: int, status: Status, now: datetime, *, degraded: bool = False
) -> None:
    """A run has ended: what it found is now what its directive's last run found.

    A run that came to nothing found nothing out: what was known before stays.
    """
    directive = connection.execute(select(RUNS.c.directive).where(RUNS.c.id == run_id)).scalar_one()
    (shown,) = told_apart(connection, Meter.RUNS_FINISHED, (directive,))
    tally = _Tally([(Meter.RUNS_FINISHED, shown, status.value)])
    tally[Meter.RUNS_DEGRADED, shown] = int(degraded)
    _add(connection, tally)
    if shown != directive:
        return
    if status is Status.SUCCEEDED:
        _set(connection, {(Meter.LAST_SUCCESS, directive): int(now.timestamp() * MICRO)})
    query = select(JOBS.c.status, JOBS.c.findings).where(JOBS.c.run_id == run_id)
    jobs = connection.execute(query).all()
    if any(job.findings or job.status == Status.SUCCEEDED.value for job in jobs):
        _found(connection, directive, [item for job in jobs for item in job.findings])


def _found(connection: Connection, directive: str, findings: Iterable[dict[str, str]]) -> None:
    at = COUNTERS.c
    mine = (at.name == Meter.FINDINGS.value) & (at.a == directive)
    connection.execute(delete(COUNTERS).where(mine))
    tally = _Tally(
        (Meter.FINDINGS, directive, item["severity"], item["state"]) for item in findings
    )
    _set(connection, tally)


def calls_made(connection: Connection, calls: Iterable[LlmCall]) -> None:
    """Calls to the model were recorded."""
    tally = _Tally()
    for call in calls:
        model, endpoint = told_apart(connection, Meter.CALLS, (call.model, call.endpoint))
        tally[Meter.CALLS, model, endpoint, call.outcome] += 1
        _time(tally, Meter.CALL_TIME, model, call.duration_seconds)
        for kind in ("prompt", "cached", "completion", "reasoning"):
            tally[Meter.TOKENS, model, kind] += getattr(call, f"{kind}_tokens") or 0
        if call.cost is not None and call.price is not None:
            units = int((call.cost * NANO).to_integral_value())
            tally[Meter.COST, model, call.price.currency] += units
    _add(connection, tally)


def lines_read(connection: Connection, readings: Iterable[ContainerReading]) -> None:
    """Log lines were read."""
    _add(connection, _Tally({(Meter.LINES,): sum(reading.lines for reading in readings)}))


def refused(connection: Connection) -> None:
    """Policy has refused something."""
    _add(connection, _Tally({(Meter.REFUSALS,): 1}))


def _time(tally: _Tally, meter: Meter, label: str, seconds: float) -> None:
    """A duration: into its bucket, and to the sum."""
    bounds, seconds = BUCKETS[meter], max(0.0, seconds)
    place = bisect_left(bounds, seconds)
    tally[meter, label, str(bounds[place]) if place < len(bounds) else "+Inf"] += 1
    tally[meter, label, "sum"] += int(Decimal(str(round(seconds, 6))) * MICRO)


def _add(connection: Connection, tally: _Tally) -> None:
    upsert(connection, COUNTERS, _rows(tally), ("+value",))


def _set(connection: Connection, values: dict[tuple[str, ...], int]) -> None:
    upsert(connection, COUNTERS, _rows(values), ("value",))


def _rows(values: dict[tuple[str, ...], int]) -> list[dict[str, Any]]:
    return [
        {"name": str(name), "value": value, **_labelled(labels)}
        for (name, *labels), value in values.items()
        if value
    ]


def _labelled(labels: Sequence[str]) -> dict[str, str]:
    padded = (*labels, *("",) * (len(_KEYS) - len(labels)))
    return dict(zip(_KEYS, padded, strict=True))
