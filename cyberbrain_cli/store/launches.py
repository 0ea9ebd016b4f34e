"""Runs as they were begun, for doing them again."""

from __future__ import annotations

from sqlalchemy import Connection, select

from cyberbrain_cli.core.errors import NotFound
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import PlannedWindow
from cyberbrain_cli.core.retry import PastJob, PastLaunch
from cyberbrain_cli.store.sql import DIRECTIVES, JOBS, RUNS


def past_launch(connection: Connection, run_id: int) -> PastLaunch:
    """The run with its directive's text and its jobs' windows. Raises NotFound."""
    at = RUNS.c
    run = connection.execute(
        select(
            at.id, at.status, at.directive, at.lock_name, at.labels, at.options, DIRECTIVES.c.text
        )
        .join(DIRECTIVES, DIRECTIVES.c.id == at.directive_id)
        .where(at.id == run_id, at.pruning.is_(False))
    ).first()
    if run is None:
        raise NotFound(f"There is no run {run_id}.", "cyberbrain runs list")
    jobs = connection.execute(
        select(JOBS.c.key, JOBS.c.status, JOBS.c.params, JOBS.c.windows)
        .where(JOBS.c.run_id == run_id)
        .order_by(JOBS.c.position)
    )
    return PastLaunch(
        id=run.id,
        status=Status(run.status),
        directive=run.directive,
        text=run.text,
        lock_name=run.lock_name,
        labels=run.labels,
        options=run.options,
        jobs=tuple(
            PastJob(
                job.key,
                Status(job.status),
                job.params,
                None
                if job.windows is None
                else tuple(PlannedWindow(**window) for window in job.windows),
            )
            for job in jobs
        ),
    )
