"""Findings by rule: a floor that no model can lower."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cyberbrain_cli.core.findings import (
    Finding,
    FindingState,
    Severity,
    Source,
    finding_id,
    pattern_finding_id,
)
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.core.timestamps import format_ns
from cyberbrain_cli.logs.assess import Assessment, assess
from cyberbrain_cli.logs.evidence import Redact, evidence_of, redacted, shown_template
from cyberbrain_cli.logs.fate import Fate, fates
from cyberbrain_cli.logs.patterns import Mined
from cyberbrain_cli.logs.signatures import Catalogue, catalogue
from cyberbrain_cli.logs.text import one_line

MOST_FINDINGS = 60
"""Findings by rule of one container; how many more there were is stated."""
_KINDS = {Severity.CRITICAL: "Error", Severity.WARNING: "Warning", Severity.INFO: "Unusual"}
_TITLE = 110
_LEVEL = re.compile(
    r"^[\[(]?(?i:error|warning|warn|wrn|fatal|ftl|critical|crit|err|severe|alert|emerg)\b[\])]?:?\s+(?=\S)"
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules found in a container; `withheld` counts findings beyond the most."""

    container: ContainerInfo
    mined: Mined
    assessments: tuple[Assessment, ...]
    findings: tuple[Finding, ...]
    withheld: int = 0


def judge(
    container: ContainerInfo,
    mined: Mined,
    window: Window,
    seen: frozenset[str] | None,
    redact: Redact,
    known: Catalogue | None = None,
) -> Judgement:
    """Judge a container by its fate and its patterns; `seen` and `known` as for `assess`.

    All findings are marked new; to tell them from the previous run's is the caller's.
    """
    assessments = tuple(assess(mined, seen, known or catalogue()))
    raised = [item for item in assessments if item.severity is not None]
    findings = [_of_fate(fate, container, mined, redact) for fate in fates(container, window)]
    findings += [of_pattern(item, container.name, redact) for item in raised[:MOST_FINDINGS]]
    withheld = max(0, len(raised) - MOST_FINDINGS)
    return Judgement(container, mined, assessments, tuple(findings), withheld)


def of_pattern(item: Assessment, container: str, redact: Redact) -> Finding:
    """The finding about a pattern, in our words; evidence is what was read, redacted."""
    pattern, signature = item.pattern, item.signature
    severity = item.severity or Severity.INFO
    told = signature.explanation if signature is not None else _generic(severity)
    return Finding(
        id=pattern_finding_id(container, pattern.fingerprint),
        severity=severity,
        state=FindingState.NEW,
        title=title_of(item, redact),
        explanation=" ".join((told, *_circumstances(item))),
        suggestion=(
            signature.suggestion
            if signature is not None
            else "Read the quoted lines and what stands around them in the log."
        ),
        container=container,
        source=Source.RULE,
        pattern=pattern.id,
        count=pattern.count,
        first_seen=pattern.first,
        last_seen=pattern.last,
        evidence=evidence_of(pattern.exemplars, redact),
    )


def title_of(item: Assessment, redact: Redact) -> str:
    """What a pattern is about, in a line."""
    kind = item.signature.title if item.signature else _KINDS[item.severity or Severity.INFO]
    about = _LEVEL.sub("", shown_template(item.pattern, redact))
    return one_line(f"{kind}: {about}", _TITLE)


def _generic(severity: Severity) -> str:
    return {
        Severity.CRITICAL: "The program reported an error.",
        Severity.WARNING: "The program warned of something.",
        Severity.INFO: "Nothing calls this an error, but it is unusual.",
    }[severity]


def _circumstances(item: Assessment) -> Sequence[str]:
    pattern, said = item.pattern, []
    if item.burst is not None:
        start = format_ns(item.burst.start)[:19]
        said.append(
            f"{item.burst.count} of {pattern.count} events came within"
            f" {item.burst.seconds:.0f} seconds from {start}Z."
        )
    if item.novel:
        said.append("No earlier run has seen it.")
    if item.rare:
        said.append("It is rare in this log.")
    return said


def _of_fate(fate: Fate, container: ContainerInfo, mined: Mined, redact: Redact) -> Finding:
    return Finding(
        id=finding_id("fate", container.name, fate.key),
        severity=fate.severity,
        state=FindingState.NEW,
        title=fate.title,
        explanation=fate.explanation,
        suggestion=fate.suggestion,
        container=container.name,
        source=Source.RULE,
        pattern=None,
        count=fate.count,
        first_seen=fate.at,
        last_seen=fate.at,
        evidence=tuple(redacted(mined.tail, redact)),
    )
