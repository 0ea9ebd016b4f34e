"""Rules and model together: the model may raise and explain, never hide, lower or invent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cyberbrain_cli.core.findings import Finding, FindingState, Severity, Source
from cyberbrain_cli.logs.answer import Remark
from cyberbrain_cli.logs.assess import Assessment
from cyberbrain_cli.logs.evidence import Redact
from cyberbrain_cli.logs.judge import Judgement, of_pattern

UNBACKED = Severity.WARNING
"""The most that the model alone can make of a line in which no rule sees a problem."""


def merge(judgement: Judgement, remarks: Iterable[Remark], redact: Redact) -> tuple[Finding, ...]:
    """The findings by rule, raised and explained, and the model's own about other patterns."""
    findings = list(judgement.findings)
    places = {item.pattern: place for place, item in enumerate(findings) if item.pattern}
    known = {item.pattern.id: item for item in judgement.assessments}
    for remark in remarks:
        ids = [pattern for pattern in remark.ids if pattern in known]
        for pattern in ids:
            if pattern in places:
                place = places[pattern]
                findings[place] = explained(findings[place], remark)
        if ids and not any(pattern in places for pattern in ids):
            places[ids[0]] = len(findings)
            findings.append(_own(known[ids[0]], remark, judgement.container.name, redact))
    return tuple(findings)


def explained(finding: Finding, remark: Remark) -> Finding:
    """The finding with the model's words after ours, and its severity if that is higher."""
    explanation, suggestion = finding.explanation, finding.suggestion
    if finding.source is Source.RULE and "Model: " not in explanation:
        if remark.explanation:
            explanation = f"{explanation} Model: {remark.explanation}"
        if remark.suggestion:
            suggestion = f"{suggestion} Model: {remark.suggestion}"
    highest = UNBACKED if finding.source is Source.LLM else Severity.CRITICAL
    raised = min(remark.severity, highest, key=lambda item: item.rank)
    if raised.rank > finding.severity.rank:
        if finding.source is Source.RULE:
            explanation += f" The model raised it from {finding.severity} to {raised}."
            finding = replace(finding, raised_from=finding.raised_from or finding.severity)
        finding = replace(finding, severity=raised)
    return replace(finding, explanation=explanation, suggestion=suggestion)


def _own(item: Assessment, remark: Remark, container: str, redact: Redact) -> Finding:
    """A finding of the model alone: its words, but the lines that were read.

    It is no news where earlier runs saw the pattern, whatever the model said of it then.
    """
    base = of_pattern(item, container, redact)
    return replace(
        base,
        state=FindingState.ONGOING if item.novel is False else FindingState.NEW,
        severity=min(remark.severity, UNBACKED, key=lambda severity: severity.rank),
        title=remark.title or base.title,
        explanation=remark.explanation or "The model holds this to be a problem.",
        suggestion=remark.suggestion,
        source=Source.LLM,
    )
