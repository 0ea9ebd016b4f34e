"""Reports as Markdown that stays what it is, whatever is written in the logs it quotes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cyberbrain_cli.core.findings import Evidence, Finding, FindingState
from cyberbrain_cli.core.incidents import Chain, Story
from cyberbrain_cli.core.notice import Notice
from cyberbrain_cli.core.panels import Panel, Table
from cyberbrain_cli.core.ports import Report
from cyberbrain_cli.core.records import ContainerReading, RunDocument
from cyberbrain_cli.core.timestamps import format_ns
from cyberbrain_cli.render import human
from cyberbrain_cli.render.escaping import escape, fenced
from cyberbrain_cli.render.incident_view import incident
from cyberbrain_cli.render.notice_text import failure_of, notice_of
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

    def failure(self, directive: str, host: str, message: str) -> Notice:
        """The same of a launch that has no run, or none whose records can be read."""
        return failure_of(directive, host, message)


def _report(report: Report) -> Iterator[str]:
    stories = (report.story,) if report.story else ()
    yield f"# {escape(report.title)}"
    yield ""
    yield f"{human.moment(report.created_at)}. {summary_of(report.findings)}"
    yield ""
    yield from listed(report.notes)
    yield from told(report.findings, report.chains, stories)
    for table in report.tables:
        yield from _table(table)
    yield from shown(report.panels)
    yield from read(report.readings)


def listed(notes: Sequence[str]) -> Iterator[str]:
    """What a reader should know, as a list."""
    yield from (f"- {escape(note)}" for note in notes)
    if notes:
        yield ""


def told(
    findings: Sequence[Finding], chains: Sequence[Chain], stories: Sequence[Story]
) -> Iterator[str]:
    """The findings: a table, what they have to do with each other, each one, and the resolved."""
    open_ones, resolved = _apart(findings)
    if open_ones:
        yield from _overview(open_ones)
        yield from incident(chains, stories, findings)
        for item in open_ones:
            yield from _finding(item)
    if resolved:
        yield "## Resolved"
        yield ""
        yield from (f"- {_place(item)}{escape(item.title)}" for item in resolved)
        yield ""


def shown(panels: Sequence[Panel]) -> Iterator[str]:
    """Text that jobs show as it is."""
    for panel in panels:
        yield f"## {escape(panel.title)}"
        yield ""
        yield from fenced(list(panel.lines))
        yield ""


def _table(table: Table) -> Iterator[str]:
    yield f"## {escape(table.title)}"
    yield ""
    yield f"| {' | '.join(map(escape, table.head))} |"
    yield "|---" * len(table.head) + "|"
    yield from (f"| {' | '.join(map(escape, row))} |" for row in table.rows)
    yield ""


def summary_of(findings: Sequence[Finding]) -> str:
    """How many findings of which severity, in a sentence."""
    open_ones, resolved = _apart(findings)
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


def _apart(findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Those that are open, the gravest first, and those that are resolved."""
    ranked = sorted(findings, key=lambda item: -item.severity.rank)
    resolved = [item for item in ranked if item.state is FindingState.RESOLVED]
    return [item for item in ranked if item.state is not FindingState.RESOLVED], resolved


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


def read(readings: Sequence[ContainerReading]) -> Iterator[str]:
    """How much was read of each container, and what was not."""
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
