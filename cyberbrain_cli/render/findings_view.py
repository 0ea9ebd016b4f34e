"""Findings for a person: when each began, and each with its evidence, the gravest first."""

from __future__ import annotations

from collections.abc import Sequence

from cyberbrain_cli.core.findings import Evidence, Finding, FindingState, Severity
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.panels import Timeline
from cyberbrain_cli.core.records import RunDocument, RunRecord
from cyberbrain_cli.core.sparkline import sparkline
from cyberbrain_cli.core.timestamps import NANOSECONDS
from cyberbrain_cli.render import human
from cyberbrain_cli.render.page import Page, Part

EVIDENCE_SHOWN = 3
LINE_SHOWN = 500
FEWEST_ON_TIMELINE = 2
FEWEST_COUNTED = 2
_WIDE, _NARROW = 32, 16
_WIDE_FROM = 100
_SHORT_NS = 60 * NANOSECONDS
_QUOTE = "    │ "


def show_timeline(document: RunDocument, page: Page) -> None:
    """Put findings in the order in which they began on the page, over one axis of time."""
    dated = [(item.first_seen, item) for item in _still(document.findings) if item.first_seen]
    if len(dated) < FEWEST_ON_TIMELINE:
        return
    begin = min(began for began, _ in dated)
    end = max(item.last_seen or began for began, item in dated)
    begin, end = _axis(document.timelines, begin, end)
    bars = {
        (timeline.container, finding): _on_axis(timeline, counts, begin, end, _width(page))
        for timeline in document.timelines
        for finding, counts in timeline.findings.items()
    }
    blank = " " * (_width(page) if bars else 0)
    to_the = 19 if end - begin >= _SHORT_NS else 23
    page.gap()
    span = f"  {human.log_time(begin)} to {human.log_time(end)}"
    page.line(("bold", "Timeline"), ("dim", span))
    for began, item in sorted(dated, key=lambda pair: (pair[0], -pair[1].severity.rank)):
        page.cut(
            ("dim", f"    {human.log_time(began)[11:to_the]}  "),
            (item.severity.value, bars.get((item.container or "", item.id), blank)),
            "  " if bars else "",
            (item.severity.value, item.severity.value.ljust(8)),
            ("bold", f"  {item.container or human.NOTHING}"),
            f"  {item.title}",
        )


def show_counts(findings: Sequence[Finding], page: Page) -> None:
    """Put how many findings there are on the page; of one alone there is nothing to count."""
    if len(findings) < FEWEST_COUNTED:
        return
    still = _still(findings)
    parts: list[Part] = []
    for severity in reversed(Severity):
        count = sum(item.severity is severity for item in still)
        if count:
            parts += [", " if parts else "", (severity.value, f"{count} {severity}")]
    states = [
        f"{count} {state}"
        for state in FindingState
        if (count := sum(item.state is state for item in findings))
    ]
    page.line(*(parts or ["no findings"]), ("dim", f"  {', '.join(states)}"))


def show_findings(findings: Sequence[Finding], run: RunRecord, page: Page) -> None:
    """Put the findings on the page, the gravest first, and below them what is resolved."""
    page.gap()
    still = sorted(_still(findings), key=lambda item: -item.severity.rank)
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


def _still(findings: Sequence[Finding]) -> list[Finding]:
    return [item for item in findings if item.state is not FindingState.RESOLVED]


def _finding(item: Finding, wide: int, page: Page) -> None:
    head = (item.severity.value, item.severity.upper().ljust(10))
    where = ("bold", (item.container or human.NOTHING).ljust(wide))
    facts = f"{_events(item)}{item.state}, by {item.source}"
    span = ""
    if item.first_seen is not None and item.last_seen is not None:
        span = f"{human.log_time(item.first_seen)} to {human.log_time(item.last_seen)}"
    if page.fits(head[1], where[1], item.title, facts, "    "):
        page.line(head, where, f"  {item.title}  ", ("dim", facts))
    else:
        page.line(head, where)
        page.paragraph(item.title, "    ", "bold")
        page.line("    ", ("dim", facts))
    if span:
        page.line("    ", ("dim", span))
    page.paragraph(item.explanation, "    ")
    page.paragraph(item.suggestion and f"→ {item.suggestion}", "    ", "bold")
    for proof in item.evidence[:EVIDENCE_SHOWN]:
        _proof(proof, page)
    if len(item.evidence) > EVIDENCE_SHOWN:
        page.line(_QUOTE, ("dim", f"… {len(item.evidence) - EVIDENCE_SHOWN} more in the report"))


def _proof(proof: Evidence, page: Page) -> None:
    when, line = f"{human.log_time(proof.time)} {proof.stream} ", _short(proof.line)
    if page.fits(_QUOTE, when, line):
        page.line(_QUOTE, ("dim", when), line)
    else:
        page.line(_QUOTE, ("dim", when.rstrip()))
        page.paragraph(line, f"{_QUOTE}  ")


def _events(item: Finding) -> str:
    """How many log events are behind it; a finding may come from something else than a log."""
    return f"{human.plural(item.count, 'event')}, " if item.count else ""


def _short(line: str) -> str:
    text = line.rstrip()
    if len(text) <= LINE_SHOWN:
        return text
    return f"{text[:LINE_SHOWN]}… {human.plural(len(text) - LINE_SHOWN, 'character')} more"


def _width(page: Page) -> int:
    return _NARROW if 0 < page.width < _WIDE_FROM else _WIDE


def _axis(timelines: Sequence[Timeline], begin: int, end: int) -> tuple[int, int]:
    """From the first event of all containers to the last."""
    return (
        min((item.start for item in timelines), default=begin),
        max((item.end for item in timelines), default=end),
    )


def _on_axis(timeline: Timeline, counts: Sequence[int], begin: int, end: int, width: int) -> str:
    """The counts as bars over the whole axis, of which the timeline may be but a part.

    A point stands where nothing was.
    """
    bars = [0] * width
    length = max(timeline.end - timeline.start, 0)
    for place, count in enumerate(counts):
        middle = timeline.start + length * (2 * place + 1) // (2 * len(counts))
        place_there = (middle - begin) * width // max(end - begin, 1)
        bars[min(max(place_there, 0), width - 1)] += count
    line = sparkline(bars)
    return "".join(bar if count else "·" for bar, count in zip(line, bars, strict=True))
