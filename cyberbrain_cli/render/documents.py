"""Reports as Markdown that stays what it is, whatever is written in the logs it quotes."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.core.findings import Evidence, Finding, FindingState
from cyberbrain_cli.core.notice import Notice
from cyberbrain_cli.core.ports import Report
from cyberbrain_cli.core.records import ContainerReading, RunDocument
from cyberbrain_cli.core.timestamps import format_ns
from cyberbrain_cli.render import human
from cyberbrain_cli.render.escaping import escape, fenced
from cyberbrain_cli.render.incident_view import incident
from cyberbrain_cli.render.notice_text import notice_of
from cyberbrain_cli.render.run_view import gap_text, truncation_text

_SEVERITIES = ("critical", "warning", "info")


class MarkdownDocuments:
    """Implements core.ports.Documents."""

    def markdown(self, report: Report) -> str:
        """The report as Markdown, hostile text escaped."""
        return "\n".join(_report(report)).rstrip("\n") + "\n"

    def notice(self, document: RunDocument) -> Notice:
        """A run in a few lines of plain text, for those who are told of it."""
        return notice_of(document)


def _report(report: Report) -> Iterator[str]:
    open_ones = [item for item in report.findings if item.state is not FindingState.RESOLVED]
    resolved = [item for item in report.findings if item.state is FindingState.RESOLVED]
    yield f"# {escape(report.title)}"
    yield ""
    yield f"{human.moment(report.created_at)}. {_summary(open_ones, resolved)}"
    yield ""
    for note in report.notes:
        yield f"- {escape(note)}"
    if report.notes:
        yield ""
    if open_ones:
        yield from _overview(open_ones)
        yield from incident(report)
        for item in open_ones:
            yield from _finding(item)
    if resolved:
        yield "## Resolved"
        yield ""
        yield from (f"- {_place(item)}{escape(item.title)}" for item in resolved)
        yield ""
    for panel in report.panels:
        yield f"## {escape(panel.title)}"
        yield ""
        yield from fenced(list(panel.lines))
        yield ""
    yield from _readings(report.readings)


def _summary(open_ones: list[Finding], resolved: list[Finding]) -> str:
    if not open_ones and not resolved:
        return "No findings."
    counts = [
        f"{count} {severity}"
        for severity in _SEVERITIES
        if (count := sum(item.severity == severity for item in open_ones))
    ]
    if resolved:
        counts.append(f"{len(resolved)} resolved")
    return f"Findings: {', '.join(counts)}."


def _overview(findings: list[Finding]) -> Iterator[str]:
    yield "| Severity | Container | Finding | Events | State |"
    yield "|---|---|---|---:|---|"
    for item in findings:
        where = escape(item.container or human.NOTHING)
        title = escape(item.title)
        events = item.count or human.NOTHING
        yield f"| {item.severity} | {where} | {title} | {events} | {item.state} |"
    yield ""


def _finding(item: Finding) -> Iterator[str]:
    yield f"## {item.severity.capitalize()}: {_place(item)}{escape(item.title)}"
    yield ""
    facts = [human.plural(item.count, "event")] if item.count else []
    facts += [str(item.state), f"raised by {item.source}"]
    if item.first_seen is not None and item.last_seen is not None:
        facts.append(f"{human.log_time(item.first_seen)} to {human.log_time(item.last_seen)}")
    yield f"{'; '.join(facts)}."
    yield ""
    for text in (item.explanation, f"Suggestion: {item.suggestion}" if item.suggestion else ""):
        if text:
            yield escape(text)
            yield ""
    if item.evidence:
        yield from fenced([_quoted(proof) for proof in item.evidence])
        yield ""


def _quoted(proof: Evidence) -> str:
    return f"{format_ns(proof.time)} {proof.stream} {proof.line}"


def _place(item: Finding) -> str:
    return f"{escape(item.container)}: " if item.container else ""


def _readings(readings: tuple[ContainerReading, ...]) -> Iterator[str]:
    if not readings:
        return
    yield "## What was read"
    yield ""
    yield "| Container | From | Until | Lines | Bytes | Patterns |"
    yield "|---|---|---|---:|---:|---:|"
    for item in readings:
        start = "beginning" if item.after is None else human.log_time(item.after)
        yield (
            f"| {escape(item.name)} | {start} | {human.log_time(item.until)} "
            f"| {item.lines} | {item.bytes} | {item.patterns} |"
        )
    yield ""
    missing = [text for item in readings for text in _left_out(item)]
    if missing:
        yield "## What was not read"
        yield ""
        yield from (f"- {escape(text)}" for text in missing)


def _left_out(reading: ContainerReading) -> Iterator[str]:
    if reading.error is not None:
        yield f"{reading.name}: {reading.error}"
    if reading.gap is not None:
        yield gap_text(reading)
    if reading.truncated is not None:
        yield truncation_text(reading)
