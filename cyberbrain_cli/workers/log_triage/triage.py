"""One container, from its log to its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cyberbrain_cli.core.errors import LogsUnreadable, NotFound
from cyberbrain_cli.core.findings import Evidence, Finding
from cyberbrain_cli.core.panels import Timeline
from cyberbrain_cli.core.records import (
    ContainerReading,
    Cursor,
    PatternSighting,
)
from cyberbrain_cli.core.timestamps import LogTime
from cyberbrain_cli.core.worker import JobContext, Target
from cyberbrain_cli.logs.chain import Trouble
from cyberbrain_cli.logs.digest import LeftOut
from cyberbrain_cli.logs.evidence import redacted, shown_template
from cyberbrain_cli.logs.judge import Judgement, judge
from cyberbrain_cli.logs.miner import Miner
from cyberbrain_cli.logs.signatures import catalogue
from cyberbrain_cli.logs.timeline import timeline_of
from cyberbrain_cli.logs.trouble import trouble_of
from cyberbrain_cli.workers.log_triage.asking import Asker
from cyberbrain_cli.workers.log_triage.params import LogTriageParams
from cyberbrain_cli.workers.log_triage.reading import Read, read

MOST_SHOWN = 200
"""Patterns of one container that an analysis lists; how many more there are is stated."""


@dataclass(frozen=True, slots=True)
class PatternSummary:
    """A pattern as an analysis lists it, redacted; `context` are lines around its first event.

    `forms` are the fingerprints of the patterns that were found to be one in it.
    """

    id: str
    fingerprint: str
    severity: str
    template: str
    count: int
    lines: int
    first_seen: LogTime
    last_seen: LogTime
    signature: str | None
    novel: bool | None
    context: tuple[Evidence, ...]
    forms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Triaged:
    """What came of one container; nothing in it is unredacted but `trouble`, which stays inside.

    `ruled` are the findings as the rules had them, before the model had its say. `unlisted` are
    the fingerprints of the patterns that are not listed.
    """

    reading: ContainerReading
    findings: tuple[Finding, ...] = ()
    patterns: tuple[PatternSummary, ...] = ()
    patterns_not_listed: int = 0
    unlisted: tuple[str, ...] = ()
    other_events: int = 0
    left_out: LeftOut | None = None
    notes: tuple[str, ...] = ()
    cursor: Cursor | None = None
    sightings: tuple[PatternSighting, ...] = ()
    ruled: tuple[Finding, ...] = ()
    trouble: Trouble | None = None
    timeline: Timeline | None = None

    @property
    def covered(self) -> bool:
        """Whether the window was read to its end."""
        return self.reading.error is None and self.reading.truncated is None


def triage(
    target: Target,
    ctx: JobContext,
    params: LogTriageParams,
    asker: Asker,
    check: Callable[[], None],
) -> Triaged:
    """Read, mine and judge a container, and ask about it.

    A container that cannot be read is reported in its reading; nothing else is caught.
    """
    if target.problem is not None:
        return Triaged(_unread(target, target.problem))
    name = target.container.name

    def report(lines: int) -> None:
        check()
        ctx.progress.reading(ctx.job_key, name, lines)

    try:
        container = replace(ctx.host.inspect(target.container.id), name=name)
        miner = Miner(params.max_patterns)
        done = read(target, container, ctx.host, miner, params.max_lines, report)
    except (LogsUnreadable, NotFound) as error:
        return Triaged(_unread(target, ctx.redact(error.message)))
    check()
    known = catalogue(params.signatures)
    judgement = judge(container, done.mined, target.window, ctx.seen.get(name), ctx.redact, known)
    opinion = asker.opinion(judgement, target.window)
    return Triaged(
        reading=done.reading,
        findings=opinion.findings,
        patterns=tuple(_summaries(judgement, ctx)),
        patterns_not_listed=max(0, len(judgement.assessments) - MOST_SHOWN),
        unlisted=tuple(
            fingerprint
            for item in judgement.assessments[MOST_SHOWN:]
            for fingerprint in item.pattern.sightings()
        ),
        other_events=sum(pattern.count for pattern in done.mined.overflow),
        left_out=opinion.left_out,
        notes=(*_notes(judgement, done, target), *_unseen(name, opinion.left_out), *opinion.notes),
        cursor=done.cursor,
        sightings=tuple(
            PatternSighting(name, fingerprint, count)
            for pattern in done.mined.patterns
            for fingerprint, count in pattern.sightings().items()
        ),
        ruled=judgement.findings,
        trouble=trouble_of(judgement),
        timeline=timeline_of(name, done.mined, opinion.findings),
    )


def _unread(target: Target, problem: str) -> ContainerReading:
    container, window = target.container, target.window
    return ContainerReading(container.name, container.id, window.after, window.until, error=problem)


def _summaries(judgement: Judgement, ctx: JobContext) -> list[PatternSummary]:
    return [
        PatternSummary(
            id=item.pattern.id,
            fingerprint=item.pattern.fingerprint,
            severity=item.pattern.severity.value,
            template=shown_template(item.pattern, ctx.redact),
            count=item.pattern.count,
            lines=item.pattern.line_count,
            first_seen=item.pattern.first,
            last_seen=item.pattern.last,
            signature=item.signature.key if item.signature else None,
            novel=item.novel,
            context=tuple(redacted(item.pattern.context, ctx.redact)),
            forms=tuple(item.pattern.forms),
        )
        for item in judgement.assessments[:MOST_SHOWN]
    ]


def _unseen(name: str, left: LeftOut | None) -> Iterator[str]:
    """What the model was not shown, in numbers."""
    if left is not None and left.patterns:
        yield (
            f"{name}: {left.patterns} patterns with {left.events} events ({left.critical} critical,"
            f" {left.warning} warning) did not fit into what the model was shown (digest_tokens)."
        )


def _notes(judgement: Judgement, done: Read, target: Target) -> list[str]:
    """What a reader of the report should know of how this container was read and judged."""
    name, notes = judgement.container.name, []
    for pattern in done.mined.overflow:
        notes.append(
            f"{name}: {pattern.count} {pattern.severity} events were of more kinds than are"
            " told apart; they are counted together (max_patterns)."
        )
    if judgement.withheld:
        notes.append(f"{name}: {judgement.withheld} lesser findings by rule are not listed.")
    if done.cursor is None and target.cursor is not None:
        notes.append(f"{name}: the next run goes on where the last one ended, not after this one.")
    return notes
