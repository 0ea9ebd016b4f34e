"""What differs between two runs, by ids and fingerprints alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from cyberbrain_cli.core.diffs import DiffDocument
from cyberbrain_cli.core.findings import (
    Finding,
    FindingState,
    Severity,
    Source,
    pattern_finding_id,
)
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import Cost, TokenCount
from cyberbrain_cli.core.service_map import Edge, Node, ServiceMap
from cyberbrain_cli.engine.diff import compare
from cyberbrain_cli.engine.past import MinedContainer, MinedPattern, PastRun
from tests.render.samples import READING, finding, run

JOB = "log_triage"
WHOLE = replace(READING, truncated=None, gap=None)


def past(*findings: Finding, patterns: tuple[MinedPattern, ...] = (), **changes: object) -> PastRun:
    """A run that read shop-db to the end."""
    whole = run(**changes)
    job = replace(whole.jobs[0], containers=(WHOLE,))
    mined = MinedContainer.nothing("shop-db")
    mined = MinedContainer(mined.reading, patterns)
    return PastRun(replace(whole, jobs=(job,)), {JOB: findings}, {"shop-db": mined}, {})


def about(fingerprint: str, **changes: object) -> Finding:
    """A finding about a pattern of shop-db."""
    own = pattern_finding_id("shop-db", fingerprint)
    return finding(**({"id": own, "container": "shop-db"} | changes))


def pattern(fingerprint: str, *forms: str, severity: str = "critical") -> MinedPattern:
    return MinedPattern(fingerprint, severity, f"failed {fingerprint}", 3, forms)


def test_findings_are_new_resolved_worse_or_better_by_their_ids() -> None:
    lesser = about("b", severity=Severity.WARNING)
    graver = about("b", severity=Severity.CRITICAL)
    told = compare(past(about("a"), lesser), past(graver, about("c"))).findings
    assert [item.id for item in told.new] == [about("c").id]
    assert [item.id for item in told.resolved] == [about("a").id]
    assert [(item.before, item.after) for item in told.worse] == [("warning", "critical")]
    assert (told.better, told.unchanged) == ((), 0)
    back = compare(past(graver), past(lesser)).findings
    assert [(item.before, item.after) for item in back.better] == [("critical", "warning")]


def test_a_finding_that_was_resolved_is_in_no_run() -> None:
    gone = about("a", state=FindingState.RESOLVED)
    told = compare(past(gone), past(gone)).findings
    assert (told.unchanged, told.new, told.resolved) == (0, (), ())


def test_a_severity_that_only_the_model_raised_is_no_change() -> None:
    raised = about("a", severity=Severity.CRITICAL, raised_from=Severity.WARNING)
    plain = about("a", severity=Severity.WARNING)
    for pair in ((raised, plain), (plain, raised)):
        told = compare(past(pair[0]), past(pair[1]))
        assert (told.findings.unchanged, told.nothing_new) == (1, True)


def test_what_the_model_alone_says_is_new_only_where_the_pattern_is() -> None:
    said = about("a", source=Source.LLM, severity=Severity.WARNING)
    silent, loud = past(patterns=(pattern("a"),)), past(said, patterns=(pattern("a"),))
    for pair in ((silent, loud), (loud, silent)):
        told = compare(*pair)
        assert (told.findings.new, told.findings.resolved) == ((), ())
        assert (told.findings.by_model, told.nothing_new) == (1, True)
    fresh = compare(past(), loud)
    assert [item.id for item in fresh.findings.new] == [said.id]


def test_what_was_not_looked_for_is_not_resolved() -> None:
    before = past(about("a"))
    cut = replace(before.run.jobs[0], containers=(READING,))
    failed = replace(before.run.jobs[0], status=Status.FAILED, containers=())
    for job in (cut, failed):
        after = replace(past(), run=replace(before.run, jobs=(job,)))
        told = compare(before, after)
        assert (told.findings.resolved, told.findings.not_compared) == ((), 1)
    assert "ended failed" in told.warnings[-1]


def test_what_was_not_looked_for_before_is_perhaps_new_and_nothing_is_said_for_sure() -> None:
    after = past(about("a"))
    cut = replace(after.run.jobs[0], containers=(READING,))
    failed = replace(after.run.jobs[0], status=Status.FAILED, containers=())
    for changes in (
        {"run": replace(after.run, jobs=(cut,))},
        {"run": replace(after.run, jobs=(failed,))},
        {"run": replace(after.run, jobs=())},
        {"lost": frozenset({JOB}), "warnings": ("gone",)},
    ):
        told = compare(replace(past(), **changes), after)
        assert ([item.id for item in told.findings.perhaps_new], told.findings.new) == (
            [about("a").id], (),
        )  # fmt: skip
        assert told.nothing_new is None
        assert told.warnings


def test_what_a_lost_artifact_said_is_not_resolved() -> None:
    after = replace(past(), lost=frozenset({JOB}), warnings=("gone",), containers={})
    hot = about("gpu", container=None)
    told = compare(past(about("a"), hot, patterns=(pattern("a"),)), after)
    assert (told.findings.resolved, told.findings.not_compared) == ((), 2)
    assert (told.patterns.vanished, told.nothing_new) == ((), None)


def test_a_container_that_is_met_for_the_first_time_has_new_findings() -> None:
    there = replace(WHOLE, name="shop-web")
    before = past()
    other = replace(before.run.jobs[0], containers=(there,))
    before = replace(before, run=replace(before.run, jobs=(other,)))
    told = compare(before, past(about("a")))
    assert [item.id for item in told.findings.new] == [about("a").id]
    assert told.nothing_new is False


def test_what_was_found_elsewhere_than_in_a_log_needs_none_that_was_read() -> None:
    """Say a GPU's memory that a container takes, whose log another job read only in part."""
    one = past()
    other = replace(one.run.jobs[0], key="gpus", containers=())
    cut = replace(one.run.jobs[0], containers=(READING,))
    hot = about("gpu")
    before = replace(
        one, run=replace(one.run, jobs=(*one.run.jobs, other)), findings={"gpus": (hot,)}
    )
    after = replace(before, run=replace(one.run, jobs=(cut, other)), findings={})
    assert compare(before, after).findings.resolved == (hot,)
    assert compare(after, before).findings.new == (hot,)


def test_a_log_that_neither_run_could_read_is_no_news() -> None:
    mute = replace(WHOLE, error="the driver cannot be read")
    both = past()
    job = replace(both.run.jobs[0], containers=(mute,))
    mutes = replace(both, run=replace(both.run, jobs=(job,)))
    assert compare(mutes, mutes).nothing_new is True
    for pair in ((mutes, both), (both, mutes)):
        told = compare(*pair)
        assert (told.nothing_new, told.warnings) == (None, ("Run 42 could not read 'shop-db'.",))


def test_patterns_come_and_go_by_any_fingerprint_they_ever_had() -> None:
    before = past(patterns=(pattern("a"), pattern("m", "x", "y"), pattern("gone")))
    after = past(
        patterns=(pattern("a"), pattern("x"), pattern("new"), pattern("i", severity="info"))
    )
    told = compare(before, after).patterns
    assert [item.fingerprint for item in told.appeared] == ["new", "i"]
    assert [item.fingerprint for item in told.vanished] == ["gone"]
    assert told.unchanged == 2


def test_patterns_that_were_not_listed_are_known_all_the_same() -> None:
    before = past(patterns=(pattern("a"),))
    hidden = MinedContainer(before.containers["shop-db"].reading, (), ("a", "b"))
    after = replace(before, containers={"shop-db": hidden})
    told = compare(before, after)
    assert (told.patterns.appeared, told.patterns.vanished) == ((), ())
    assert told.patterns.appeared_not_listed == 1
    assert not told.nothing_new


def test_a_container_that_one_run_did_not_read_has_no_patterns_to_compare() -> None:
    other = replace(past(), containers={})
    elsewhere = replace(WHOLE, name="shop-web")
    job = replace(other.run.jobs[0], containers=(elsewhere,))
    other = replace(other, run=replace(other.run, jobs=(job,)))
    assert compare(other, past(patterns=(pattern("a"),))).patterns.appeared == ()


def test_usage_has_a_difference_only_where_there_can_be_one() -> None:
    dear = run(cost=Cost(Decimal("0.5"), "USD"), tokens=TokenCount(total=10), duration_seconds=2.0)
    cheap = run(cost=Cost(Decimal("0.2"), "USD"), tokens=TokenCount(total=4), duration_seconds=3.5)
    other = run(cost=Cost(Decimal("0.2"), "EUR"), duration_seconds=None)

    def told(before: object, after: object) -> DiffDocument:
        return compare(
            replace(past(), run=before),  # type: ignore[arg-type]
            replace(past(), run=after),  # type: ignore[arg-type]
        )

    usage = told(dear, cheap).usage
    assert (usage.tokens, usage.amount, usage.currency, usage.seconds) == (
        -6, Decimal("-0.3"), "USD", 1.5,
    )  # fmt: skip
    assert (told(dear, other).usage.amount, told(dear, other).usage.seconds) == (None, None)


def test_a_service_map_drifts_as_the_worker_says() -> None:
    then = datetime(2026, 11, 23, tzinfo=UTC)
    nodes = (Node("container:a", "container", "a"), Node("container:b", "container", "b"))
    old = ServiceMap(1, then, nodes[:1], ())
    new = ServiceMap(1, then, nodes, (Edge("container:a", "container:b", "depends_on", ()),))
    before, after = (replace(past(), maps={"map": found}) for found in (old, new))
    (drift,) = compare(before, after).service_maps
    assert drift.changes.nodes_added == ("container:b",)
    assert [edge.kind for edge in drift.changes.edges_added] == ["depends_on"]
    assert compare(before, before).service_maps == ()
    assert compare(past(), after).service_maps == ()
