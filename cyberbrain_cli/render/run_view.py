"""A run for a person: what happened, the findings with their evidence, and what was left out."""

from __future__ import annotations

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.panels import Timeline
from cyberbrain_cli.core.records import ContainerReading, JobRecord, RunDocument, RunRecord
from cyberbrain_cli.core.sparkline import sparkline
from cyberbrain_cli.render import human
from cyberbrain_cli.render.columns import STATUS_STYLES
from cyberbrain_cli.render.findings_view import show_counts, show_findings, show_timeline
from cyberbrain_cli.render.incident_view import show_incident
from cyberbrain_cli.render.page import Page

_LABEL = 11


def show_run(document: RunDocument, page: Page) -> None:
    """Put the document of `launch` or `runs show` on the page."""
    run = document.run
    _headline(run, page)
    show_counts(document.findings, page)
    for job in run.jobs:
        _trouble(job, page)
    show_incident(document, page)
    show_timeline(document, page)
    _panels(document, page)
    show_findings(document.findings, run, page)
    page.gap()
    volumes = {timeline.container: timeline for timeline in document.timelines}
    for job in run.jobs:
        for reading in job.containers:
            _reading(reading, volumes.get(reading.name), page)
    for note in document.notes:
        _field(page, "Note", note)
    _figures(run, page)
    for warning in document.warnings:
        _field(page, "Warning", warning, "warning")


def _headline(run: RunRecord, page: Page) -> None:
    status = "degraded" if run.degraded and run.status is Status.SUCCEEDED else ""
    page.line(
        ("bold", f"Run {run.id}"),
        f"  {run.directive} v{run.directive_version}  ",
        (STATUS_STYLES[run.status], str(run.status)),
        f", {status}" if status else "",
        f" in {human.duration(run.duration_seconds)}" if run.duration_seconds is not None else "",
        f"  {human.moment(run.started_at)}" if run.started_at else "",
        f"  retry of run {run.retry_of}" if run.retry_of else "",
    )
    for reason in run.degraded_reasons:
        page.paragraph(f"degraded: {reason}", "  ", "warning")
    if run.error is not None:
        page.paragraph(f"error: {run.error.message}", "  ", "critical")
        page.paragraph(run.error.hint, "  hint: ")


def _trouble(job: JobRecord, page: Page) -> None:
    if job.error is not None:
        page.paragraph(f"job {job.key}: {job.error.message}", "  ", "critical")
        page.paragraph(job.error.hint, "    ")
    elif job.status is not Status.SUCCEEDED:
        page.paragraph(f"job {job.key}: {job.status}", "  ", STATUS_STYLES[job.status])


def _panels(document: RunDocument, page: Page) -> None:
    for panel in document.panels:
        page.gap()
        page.line(("bold", panel.title))
        for line in panel.lines:
            page.line("    ", line)


def _reading(reading: ContainerReading, volume: Timeline | None, page: Page) -> None:
    if reading.error is not None:
        _field(page, "Not read", f"{reading.name}: {reading.error}", "warning")
        return
    text = (
        f"{reading.name}: {human.plural(reading.lines, 'line')} ({human.size(reading.bytes)}), "
        f"{human.plural(reading.patterns, 'pattern')}"
    )
    _field(page, "Read", text)
    if volume is not None:
        span = f"{human.log_time(volume.start)[11:19]} to {human.log_time(volume.end)[11:19]}"
        page.line(" " * _LABEL, ("info", sparkline(volume.counts)), ("dim", f"  {span}"))
    if reading.gap is not None:
        _field(page, "Gap", gap_text(reading), "warning")
    if reading.truncated is not None:
        _field(page, "Cut short", truncation_text(reading), "warning")


def gap_text(reading: ContainerReading) -> str:
    """What can no longer be read of a container, in numbers."""
    gap = reading.gap
    if gap is None:
        return ""
    return (
        f"{reading.name}: lines of {human.duration(gap.seconds)} were rotated away unread, "
        f"{human.log_time(gap.after)} to {human.log_time(gap.until)}"
    )


def truncation_text(reading: ContainerReading) -> str:
    """Where a cap ended the reading of a container, in numbers."""
    cut = reading.truncated
    if cut is None:
        return ""
    return (
        f"{reading.name}: reading stopped at {human.log_time(cut.read_until)} "
        f"({cut.reason}, limit {human.number(cut.limit)}); the next run goes on there"
    )


def _figures(run: RunRecord, page: Page) -> None:
    if run.tokens.total or run.tokens.unknown_calls:
        _field(page, "Tokens", human.tokens(run.tokens))
        _field(page, "Cost", human.cost(run.cost))
    for job in run.jobs:
        for item in job.artifacts:
            _field(page, "Artifact", f"{item.path}  (id {item.id}, {human.size(item.size_bytes)})")


def _field(page: Page, label: str, text: str, style: str = "") -> None:
    page.labelled(label.ljust(_LABEL), text, style)
