"""What there is to say of two runs side by side, whatever it is put on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from cyberbrain_cli.core.findings import Finding, Severity
from cyberbrain_cli.render import human

if TYPE_CHECKING:
    from cyberbrain_cli.core.diffs import DiffDocument, JobChange, PatternChange
    from cyberbrain_cli.core.lifecycle import Status
    from cyberbrain_cli.core.records import RunSummary
    from cyberbrain_cli.core.service_map import Changes, EdgeName

MOST_PATTERNS = 20
"""Patterns that a section shows; how many more there are is said, and JSON has them all."""
_TEMPLATE = 200
_LEADS = {
    True: "Nothing new. ",
    False: "",
    None: "Nothing new was seen, but not all could be compared. ",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the comparison: what, before, after, and the difference."""

    label: str
    before: str
    after: str
    change: str = ""

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """From left to right."""
        return self.label, self.before, self.after, self.change


@dataclass(frozen=True, slots=True)
class Section:
    """A heading in its style, and the lines below it."""

    title: str
    lines: tuple[str, ...]
    style: str = "bold"


def verdict(document: DiffDocument) -> str:
    """The whole in a line."""
    found, patterns = document.findings, document.patterns
    counts = (
        (len(found.new), "new"),
        (len(found.perhaps_new), "perhaps new"),
        (len(found.worse), "worse"),
        (len(found.better), "better"),
        (len(found.resolved), "resolved"),
        (found.unchanged, "unchanged"),
    )
    told = ", ".join(f"{count} {word}" for count, word in counts if count) or "none"
    lead = _LEADS[document.nothing_new]
    said = f"{lead}Findings: {told}. Patterns: "
    came = len(patterns.appeared) + patterns.appeared_not_listed
    went = len(patterns.vanished) + patterns.vanished_not_listed
    said += f"{came} appeared, {went} vanished, {patterns.unchanged} unchanged."
    if found.by_model:
        said += f" {human.plural(found.by_model, 'finding')} by the model alone came or went."
    if found.not_compared:
        said += f" {human.plural(found.not_compared, 'finding')} could not be looked for again."
    return said


def rows(document: DiffDocument) -> list[Row]:
    """The figures of both runs."""
    old, new, usage = document.before, document.after, document.usage
    money = human.money(abs(usage.amount), usage.currency) if usage.amount is not None else ""
    return [
        Row("status", _status(old), _status(new)),
        Row("started", human.moment(old.started_at), human.moment(new.started_at)),
        Row(
            "duration",
            human.duration(old.duration_seconds),
            human.duration(new.duration_seconds),
            _signed(usage.seconds, human.duration(abs(usage.seconds or 0))),
        ),
        *(_severity(severity.value, old, new) for severity in reversed(Severity)),
        Row(
            "tokens",
            human.number(old.tokens.total),
            human.number(new.tokens.total),
            _signed(usage.tokens, human.number(abs(usage.tokens))),
        ),
        Row("cost", human.cost(old.cost), human.cost(new.cost), _signed(usage.amount, money)),
        *(_job(job) for job in document.jobs if len(document.jobs) > 1),
    ]


def sections(document: DiffDocument) -> Iterator[Section]:
    """What changed, the worst first."""
    found = document.findings
    groups = (
        ("New", "critical", (_finding(item) for item in found.new)),
        (
            "Perhaps new: the earlier run did not look there",
            "critical",
            (_finding(item) for item in found.perhaps_new),
        ),
        (
            "Worse",
            "critical",
            (f"{_finding(item.finding)}, was {item.before}" for item in found.worse),
        ),
        (
            "Better",
            "good",
            (f"{_finding(item.finding)}, was {item.before}" for item in found.better),
        ),
        ("Resolved", "good", (_finding(item) for item in found.resolved)),
    )
    for title, style, lines in groups:
        yield from _filled(title, style, lines)
    patterns = document.patterns
    yield from _filled(
        "Patterns that appeared",
        "warning",
        _patterns(patterns.appeared, patterns.appeared_not_listed),
    )
    yield from _filled(
        "Patterns that vanished", "bold", _patterns(patterns.vanished, patterns.vanished_not_listed)
    )
    for drift in document.service_maps:
        yield from _filled(f"Service map of {drift.job}", "bold", _drift(drift.changes))


def _filled(title: str, style: str, lines: Iterable[str]) -> Iterator[Section]:
    told = tuple(lines)
    if told:
        yield Section(title, told, style)


def _finding(item: Finding) -> str:
    where = f"{item.container}: " if item.container else ""
    events = f" ({human.plural(item.count, 'event')})" if item.count else ""
    return f"{item.severity}  {where}{item.title}{events}"


def _patterns(items: Sequence[PatternChange], unlisted: int) -> Iterator[str]:
    for item in items[:MOST_PATTERNS]:
        text = item.template[:_TEMPLATE] + ("…" if len(item.template) > _TEMPLATE else "")
        yield f"{item.severity}  {item.container}: {text} (×{human.number(item.count)})"
    more = max(0, len(items) - MOST_PATTERNS) + unlisted
    if more:
        yield f"… and {human.plural(more, 'pattern')} more"


def _drift(changes: Changes) -> Iterator[str]:
    yield from (f"+ {_node(name)}" for name in changes.nodes_added)
    yield from (f"- {_node(name)}" for name in changes.nodes_removed)
    for image in changes.images:
        was, now = image.before[7:19], image.after[7:19]
        yield f"{_node(image.container)}: another image, {was} before and {now} now"
    for port in changes.ports:
        signed = [f"+{text}" for text in port.added] + [f"-{text}" for text in port.removed]
        yield f"{_node(port.container)}: ports {', '.join(signed)}"
    yield from (f"+ {_edge(edge)}" for edge in changes.edges_added)
    yield from (f"- {_edge(edge)}" for edge in changes.edges_removed)


def _edge(edge: EdgeName) -> str:
    return f"{_node(edge.source)} → {_node(edge.target)} ({edge.kind.replace('_', ' ')})"


def _node(name: str) -> str:
    return name.removeprefix("container:")


def names(document: DiffDocument) -> str:
    """The directive of the runs, or those of both."""
    old, new = (f"{run.directive} v{run.directive_version}" for run in _both(document))
    return old if old == new else f"{old} → {new}"


def _both(document: DiffDocument) -> tuple[RunSummary, RunSummary]:
    return document.before, document.after


def _status(run: RunSummary) -> str:
    return f"{run.status}, degraded" if run.degraded else str(run.status)


def _severity(name: str, old: RunSummary, new: RunSummary) -> Row:
    was, now = old.findings.get(name, 0), new.findings.get(name, 0)
    return Row(name, str(was), str(now), _signed(now - was, str(abs(now - was))))


def _job(job: JobChange) -> Row:
    was, now = job.before_seconds, job.after_seconds
    known = was is not None and now is not None
    longer = (now or 0) - (was or 0) if known else 0
    return Row(
        f"job {job.job}",
        _ended(job.before_status, was),
        _ended(job.after_status, now),
        _signed(longer, human.duration(abs(longer))),
    )


def _ended(status: Status | None, seconds: float | None) -> str:
    if status is None or seconds is None:
        return str(status or human.NOTHING)
    return f"{status} {human.duration(seconds)}"


def _signed(difference: float | Decimal | None, text: str) -> str:
    """The difference with its sign; nothing where there is none."""
    if not difference:
        return ""
    return f"{'+' if difference > 0 else '−'}{text}"
