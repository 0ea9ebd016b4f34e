"""A run for a person: what happened, the findings with their evidence, and what was left out."""

from __future__ import annotations

from cyberbrain_cli.core.findings import Finding, FindingState
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.prune import Pruned
from cyberbrain_cli.core.records import ContainerReading, JobRecord, RunDocument, RunRecord
from cyberbrain_cli.render import human
from cyberbrain_cli.render.columns import STATUS_STYLES
from cyberbrain_cli.render.incident_view import show_incident
from cyberbrain_cli.render.page import Page

EVIDENCE_SHOWN = 3
LINE_SHOWN = 500
_LABEL = 11


def show_run(document: RunDocument, page: Page) -> None:
    """Put the document of `launch` or `runs show` on the page."""
    run = document.run
    _headline(run, page)
    for job in run.jobs:
        _trouble(job, page)
    show_incident(document, page)
    _panels(document, page)
    _findings(document.findings, run, page)
    page.gap()
    for job in run.jobs:
        for reading in job.containers:
            _reading(reading, page)
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


def _findings(findings: tuple[Finding, ...], run: RunRecord, page: Page) -> None:
    page.gap()
    still = [item for item in findings if item.state is not FindingState.RESOLVED]
    if not still and run.status is Status.SUCCEEDED:
        page.line("No findings.")
    wide = max((len(item.container or human.NOTHING) for item in still), default=0)
    for item in still:
        _finding(item, wide, page)
        page.gap()
    for item in findings:
        if item.state is FindingState.RESOLVED:
            where = f"{item.container}: " if item.container else ""
            page.line(("good", "RESOLVED  "), f"{where}{item.title}")


def _finding(item: Finding, wide: int, page: Page) -> None:
    page.line(
        (item.severity.value, item.severity.upper().ljust(10)),
        ("bold", (item.container or human.NOTHING).ljust(wide)),
        f"  {item.title}  ",
        ("dim", f"{_events(item)}{item.state}, by {item.source}"),
    )
    if item.first_seen is not None and item.last_seen is not None:
        span = f"{human.log_time(item.first_seen)} to {human.log_time(item.last_seen)}"
        page.line("    ", ("dim", span))
    page.paragraph(item.explanation, "    ")
    page.paragraph(item.suggestion and f"→ {item.suggestion}", "    ", "bold")
    for proof in item.evidence[:EVIDENCE_SHOWN]:
        page.line(
            "    │ ", ("dim", f"{human.log_time(proof.time)} {proof.stream} "), _short(proof.line)
        )
    if len(item.evidence) > EVIDENCE_SHOWN:
        page.line("    │ ", ("dim", f"… {len(item.evidence) - EVIDENCE_SHOWN} more in the report"))


def _events(item: Finding) -> str:
    """How many log events are behind it; a finding may come from something else than a log."""
    return f"{human.plural(item.count, 'event')}, " if item.count else ""


def _short(line: str) -> str:
    text = line.rstrip()
    if len(text) <= LINE_SHOWN:
        return text
    return f"{text[:LINE_SHOWN]}… {human.plural(len(text) - LINE_SHOWN, 'character')} more"


def _reading(reading: ContainerReading, page: Page) -> None:
    if reading.error is not None:
        _field(page, "Not read", f"{reading.name}: {reading.error}", "warning")
        return
    text = (
        f"{reading.name}: {human.plural(reading.lines, 'line')} ({human.size(reading.bytes)}), "
        f"{human.plural(reading.patterns, 'pattern')}"
    )
    _field(page, "Read", text)
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


def pruned_text(pruned: Pruned, *, dry_run: bool) -> str:
    """What `runs prune` did or would do."""
    files = sum(run.artifacts for run in pruned.runs)
    room = human.size(sum(run.size_bytes for run in pruned.runs))
    lead = "Would remove" if dry_run else "Removed"
    said = f"{lead} {human.plural(len(pruned.runs), 'run')}, {human.plural(files, 'artifact')}"
    return "\n".join((f"{said} ({room}).", *pruned.left))


def _field(page: Page, label: str, text: str, style: str = "") -> None:
    page.line(("bold", label.ljust(_LABEL)), (style, text))
