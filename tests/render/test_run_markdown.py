"""A whole run as one Markdown document."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cyberbrain_cli.core.findings import FindingState, Severity
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.panels import Panel
from cyberbrain_cli.core.records import ErrorRecord
from cyberbrain_cli.render.run_markdown import run_markdown
from tests.render.samples import HOSTILE, document, finding, run, with_incident
from tests.render.test_documents import read as parsed


def test_it_tells_the_run_its_findings_and_what_was_done() -> None:
    calm = finding(id="b2", severity=Severity.INFO, title="calm")
    over = finding(id="c3", state=FindingState.RESOLVED, title="over")
    text = run_markdown(document(calm, over, finding()))
    assert text.startswith(
        "# Run 42: nightly\n\nVersion 3, succeeded in 12.3 s, 2026-11-23 03:00:00Z. "
        "Findings: 1 critical, 1 info, 1 resolved.\n"
    )
    assert text.index("| critical |") < text.index("| info |"), "the gravest first"
    assert "## Resolved\n\n- shop-app: over\n" in text
    assert "| log\\_triage | succeeded | 11.9 s | 3,512 (3,100 prompt, 412 answer) |" in text
    assert "| 9 | run\\_42/log\\_triage/report.md | report | 5.1 kB |" in text
    assert "rotated away unread" in text


def test_what_went_wrong_stands_at_the_top() -> None:
    failed = run(
        status=Status.FAILED,
        degraded=True,
        degraded_reasons=("no model",),
        error=ErrorRecord("run_failed", "Job 'x' failed.", "Look."),
    )
    text = run_markdown(replace(document(), run=failed, warnings=("a file is gone",)))
    assert "failed, degraded in 12.3 s" in text
    top = text.partition("## ")[0]
    for told in ("- degraded: no model", "- error: Job 'x' failed. Look.", "- a file is gone"):
        assert told in top


@pytest.mark.parametrize("attack", [HOSTILE, "# x\n| a |\n```\n<script>", "[x](javascript:y)"])
def test_hostile_text_changes_nothing_but_words(attack: str) -> None:
    hostile = replace(
        with_incident(attack),
        findings=(finding(title=attack, container=attack, explanation=attack),),
        run=run(directive=attack, degraded=True, degraded_reasons=(attack,)),
        panels=(Panel(attack, (attack,)),),
        notes=(attack,),
        warnings=(attack,),
    )
    harmless = replace(
        with_incident("x"),
        findings=(finding(title="x", container="x", explanation="x"),),
        run=run(directive="x", degraded=True, degraded_reasons=("x",)),
        panels=(Panel("x", ("x",)),),
        notes=("x",),
        warnings=("x",),
    )
    assert parsed(run_markdown(hostile)).tags == parsed(run_markdown(harmless)).tags
