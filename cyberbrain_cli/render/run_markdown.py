"""A whole run as one Markdown document: for a pipeline's summary, a ticket or a mail."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.core.records import JobRecord, RunDocument, RunRecord
from cyberbrain_cli.render import human
from cyberbrain_cli.render.documents import listed, read, shown, summary_of, told
from cyberbrain_cli.render.escaping import escape


def run_markdown(document: RunDocument) -> str:
    """The document of `launch` or `runs show` as Markdown, hostile text escaped."""
    return "\n".join(_lines(document)).rstrip("\n") + "\n"


def _lines(document: RunDocument) -> Iterator[str]:
    run = document.run
    yield f"# Run {run.id}: {escape(run.directive)}"
    yield ""
    yield f"{_headline(run)} {summary_of(document.findings)}"
    yield ""
    yield from listed((*_trouble(run), *document.notes, *document.warnings))
    yield from told(document.findings, document.chains, document.stories)
    yield from shown(document.panels)
    yield from read([reading for job in run.jobs for reading in job.containers])
    yield from _jobs(run)
    yield from _artifacts(run)


def _headline(run: RunRecord) -> str:
    ended = f"{run.status}, degraded" if run.degraded else str(run.status)
    took = f" in {human.duration(run.duration_seconds)}" if run.duration_seconds else ""
    again = f" It is a retry of run {run.retry_of}." if run.retry_of else ""
    begun = human.moment(run.started_at or run.created_at)
    return f"Version {run.directive_version}, {ended}{took}, {begun}.{again}"


def _trouble(run: RunRecord) -> Iterator[str]:
    for reason in run.degraded_reasons:
        yield f"degraded: {reason}"
    errors = [("error", run.error), *((f"job {job.key}", job.error) for job in run.jobs)]
    for place, error in errors:
        if error is not None:
            yield f"{place}: {error.message} {error.hint}".rstrip()


def _jobs(run: RunRecord) -> Iterator[str]:
    yield "## What was done"
    yield ""
    yield "| Job | Status | Took | Tokens | Cost |"
    yield "|---|---|---:|---:|---:|"
    yield from map(_job, run.jobs)
    yield ""


def _job(job: JobRecord) -> str:
    asked = bool(job.tokens.total or job.tokens.unknown_calls)
    tokens = human.tokens(job.tokens) if asked else human.NOTHING
    cost = human.cost(job.cost) if asked else human.NOTHING
    took = human.duration(job.duration_seconds)
    return f"| {escape(job.key)} | {job.status} | {took} | {escape(tokens)} | {escape(cost)} |"


def _artifacts(run: RunRecord) -> Iterator[str]:
    files = [item for job in run.jobs for item in job.artifacts]
    if files:
        yield "## Artifacts"
        yield ""
        yield "| Id | File | Kind | Size |"
        yield "|---:|---|---|---:|"
        for item in files:
            size = human.size(item.size_bytes)
            yield f"| {item.id} | {escape(item.path)} | {escape(item.kind)} | {size} |"
