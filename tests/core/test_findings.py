"""A finding is new, ongoing or resolved, and never resolved for want of looking."""

from __future__ import annotations

from dataclasses import replace

from cyberbrain_cli.core.findings import (
    Finding,
    FindingState,
    Severity,
    Source,
    against_previous,
    finding_id,
    worst,
)


def finding(name: str, severity: Severity = Severity.WARNING, container: str = "db") -> Finding:
    return Finding(
        id=name,
        severity=severity,
        state=FindingState.NEW,
        title=name,
        explanation="",
        suggestion="",
        container=container,
        source=Source.RULE,
        pattern="P1",
        count=1,
        first_seen=1,
        last_seen=2,
        evidence=(),
    )


def states(findings: tuple[Finding, ...]) -> dict[str, FindingState]:
    return {item.id: item.state for item in findings}


def test_what_was_there_before_is_ongoing_and_what_is_gone_is_resolved() -> None:
    marked = against_previous(
        [finding("a"), finding("b")], [finding("b"), finding("c")], frozenset({"db"})
    )
    assert states(marked) == {"a": "new", "b": "ongoing", "c": "resolved"}


def test_what_was_not_looked_at_is_not_resolved() -> None:
    assert against_previous([], [finding("c")], frozenset()) == ()


def test_a_resolved_finding_is_told_once_and_is_new_when_it_comes_back() -> None:
    resolved = replace(finding("c"), state=FindingState.RESOLVED)
    assert against_previous([], [resolved], frozenset({"db"})) == ()
    assert states(against_previous([finding("c")], [resolved], frozenset({"db"}))) == {"c": "new"}


def test_the_gravest_come_first_and_the_resolved_last() -> None:
    found = [finding("info", Severity.INFO), finding("critical", Severity.CRITICAL)]
    gone = [finding("gone", Severity.CRITICAL)]
    marked = against_previous(found, gone, frozenset({"db"}))
    assert [item.id for item in marked] == ["critical", "info", "gone"]


def test_resolved_findings_do_not_count_as_the_worst() -> None:
    resolved = replace(finding("x", Severity.CRITICAL), state=FindingState.RESOLVED)
    assert worst([resolved, finding("y", Severity.INFO)]) is Severity.INFO
    assert worst([resolved]) is None


def test_ids_tell_their_parts_apart() -> None:
    assert finding_id("ab", "c") != finding_id("a", "bc")
    assert finding_id("a", "b") == finding_id("a", "b")
