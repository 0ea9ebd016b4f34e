"""What keeps two runs from being compared whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import ContainerReading
from cyberbrain_cli.engine.past import PastRun


def not_compared(before: PastRun, after: PastRun) -> tuple[str, ...]:
    """A sentence for each thing that one of the runs does not know of."""
    return (
        *before.warnings,
        *after.warnings,
        *_without_end(before),
        *_without_end(after),
        *_alone(before, after),
        *_alone(after, before),
        *_cut(before),
        *_cut(after),
        *_read_once(before, after),
        *_read_once(after, before),
    )


def _without_end(past: PastRun) -> Iterator[str]:
    for job in past.run.jobs:
        if job.status is not Status.SUCCEEDED:
            which = f"Job '{job.key}' of run {past.run.id}"
            yield f"{which} ended {job.status}: it has nothing to compare."


def _alone(one: PastRun, other: PastRun) -> Iterator[str]:
    there = {job.key for job in other.run.jobs}
    for job in one.run.jobs:
        if job.key not in there:
            yield f"Job '{job.key}' is in run {one.run.id} alone."


def _cut(past: PastRun) -> Iterator[str]:
    for reading in _readings(past):
        if reading.truncated is not None:
            yield f"Run {past.run.id} read '{reading.name}' only in part."


def _read_once(one: PastRun, other: PastRun) -> Iterator[str]:
    """Containers that this run could not read, and the other could. Not at all is no news."""
    for reading in _readings(one):
        if reading.error is not None and other.read(reading.name):
            yield f"Run {one.run.id} could not read '{reading.name}'."


def _readings(past: PastRun) -> Iterator[ContainerReading]:
    return (reading for job in past.run.jobs for reading in job.containers)
