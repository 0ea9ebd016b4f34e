"""Two runs side by side, as a person and a document have them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from cyberbrain_cli.core.diffs import (
    DiffDocument,
    Drift,
    FindingChanges,
    JobChange,
    PatternChange,
    PatternChanges,
    SeverityChange,
    UsageChange,
)
from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.service_map import Changes, EdgeName, ImageChange, PortChange
from cyberbrain_cli.render.diff_view import diff_markdown, show_diff
from cyberbrain_cli.render.page import Page
from cyberbrain_cli.render.widths import display_width
from tests.render.samples import HOSTILE, finding, summary

DRIFT = Changes(
    nodes_added=("container:shop-cache",),
    edges_removed=(EdgeName("container:shop-app", "container:shop-db", "depends_on"),),
    images=(ImageChange("container:shop-app", f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"),),
    ports=(PortChange("container:shop-app", ("0.0.0.0:80→80",), ()),),
)
MANY = tuple(PatternChange("shop-db", f"f{n}", "warning", f"slow query {n}", 7) for n in range(25))
DIFF = DiffDocument(
    schema_version=1,
    before=summary(id=41, degraded=False),
    after=summary(findings={"critical": 3, "warning": 1}),
    nothing_new=False,
    findings=FindingChanges(
        new=(finding(),),
        resolved=(finding(title="disk full"),),
        worse=(SeverityChange(finding(title="slow"), Severity.WARNING, Severity.CRITICAL),),
        better=(),
        unchanged=4,
        not_compared=1,
        by_model=2,
    ),
    patterns=PatternChanges(MANY, (), 30, vanished_not_listed=2),
    service_maps=(Drift("service_map", DRIFT),),
    jobs=(
        JobChange("log_triage", Status.SUCCEEDED, Status.FAILED, 1.0, 3.5),
        JobChange("service_map", None, Status.SUCCEEDED, None, 2.0),
    ),
    usage=UsageChange(-1200, Decimal("0.0014"), "USD", 12.0),
    warnings=("Job 'x' of run 42 ended failed: it has nothing to compare.",),
)


def shown(document: DiffDocument, width: int = 0) -> str:
    page = Page(width=width)
    show_diff(document, page)
    return page.text()


def test_both_runs_stand_side_by_side_with_the_difference() -> None:
    lines = shown(DIFF).splitlines()
    assert lines[0] == "Run 41 → Run 42  nightly v3"
    by_label = {line[:15].strip(): line for line in lines[2:]}
    for label, cells in (
        ("critical", ["2", "3", "+1"]),
        ("warning", ["0", "1", "+1"]),
        ("tokens", ["3,512", "3,512", "−1,200"]),
        ("cost", ["0.0021", "USD", "0.0021", "USD", "+0.0014", "USD"]),
        ("job log_triage", ["succeeded", "1.0", "s", "failed", "3.5", "s", "+2.5", "s"]),
    ):
        assert by_label[label].split()[-len(cells) :] == cells
    starts = {line.index("3,512") for line in lines if "3,512" in line}
    assert starts == {lines[2].index("BEFORE")}


def test_what_changed_is_listed_under_its_heading() -> None:
    text = shown(DIFF)
    for part in (
        "Findings: 1 new, 1 worse, 1 resolved, 4 unchanged. Patterns: 25 appeared, 2 vanished",
        "2 findings by the model alone came or went. 1 finding could not be looked for again.",
        "New\n    critical  shop-app: upstream refused connections (231 events)",
        "critical  shop-app: slow (231 events), was warning",
        "warning  shop-db: slow query 19 (×7)\n    … and 5 patterns more",
        "Patterns that vanished\n    … and 2 patterns more",
        "+ shop-cache",
        "shop-app: another image, aaaaaaaaaaaa before and bbbbbbbbbbbb now",
        "shop-app: ports +0.0.0.0:80→80",
        "- shop-app → shop-db (depends on)",
        "Job 'x' of run 42 ended failed",
    ):
        assert part in text, part
    assert "Nothing new" not in text
    assert shown(replace(DIFF, nothing_new=True)).count("Nothing new. ") == 1


def test_what_is_not_known_is_said_and_no_line_is_wider_than_the_terminal() -> None:
    unsure = replace(
        DIFF,
        nothing_new=None,
        findings=replace(DIFF.findings, new=(), perhaps_new=(finding(title="looks old"),)),
        jobs=(JobChange("a" * 64, None, Status.SUCCEEDED, None, 2.0), *DIFF.jobs),
    )
    text = shown(unsure)
    for part in (
        "Nothing new was seen, but not all could be compared. Findings: 1 perhaps new,",
        "Perhaps new: the earlier run did not look there\n    critical  shop-app: looks old",
    ):
        assert part in text, part
    for width in (60, 80, 120):
        assert max(map(display_width, shown(unsure, width).splitlines())) <= width


def test_hostile_text_stays_text_in_either_form() -> None:
    bad = PatternChange(HOSTILE, "f", "warning", HOSTILE, 1)
    hostile = replace(
        DIFF,
        findings=replace(DIFF.findings, new=(finding(title=HOSTILE, container=HOSTILE),)),
        patterns=PatternChanges((bad,), (bad,), 0),
        warnings=(HOSTILE,),
    )
    for text in (shown(hostile), shown(hostile, 80), diff_markdown(hostile)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<b>" not in diff_markdown(hostile)
    assert diff_markdown(DIFF).count("\n| ") == len(shown(DIFF).split("\n\n")[1].splitlines())
