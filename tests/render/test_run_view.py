"""A run as a person sees it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cyberbrain_cli.core.findings import Evidence, FindingState, Severity
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.panels import Panel, Timeline
from cyberbrain_cli.core.records import Cost, ErrorRecord, RunDocument
from cyberbrain_cli.core.timestamps import NANOSECONDS
from cyberbrain_cli.render.page import Page
from cyberbrain_cli.render.run_view import show_run
from cyberbrain_cli.render.widths import display_width
from tests.render.samples import HOSTILE, T0, document, finding, with_incident

HOUR = 3600 * NANOSECONDS


def shown(what: RunDocument, width: int = 0) -> str:
    page = Page(width=width)
    show_run(what, page)
    return page.text()


def test_a_run_tells_what_was_found_with_its_evidence_and_what_it_cost() -> None:
    text = shown(document(finding()))
    for part in (
        "Run 42  nightly v3  succeeded in 12.3 s",
        "CRITICAL  shop-app  upstream refused connections  231 events, new, by rule",
        "→ Start the database.",
        "stderr connect ECONNREFUSED 10.0.0.3:5432",
        "shop-db: 18,234 lines (2.0 MB), 37 patterns",
        "3,512 (3,100 prompt, 412 answer)",
        "0.0021 USD",
        "run_42/log_triage/report.md  (id 9, 5.1 kB)",
    ):
        assert part in text


def test_what_was_not_read_is_said_in_numbers() -> None:
    text = shown(document())
    assert "lines of 2.0 s were rotated away unread" in text
    assert "(lines, limit 10,000); the next run goes on there" in text


def test_no_price_is_unpriced_and_never_nothing() -> None:
    text = shown(document(cost=Cost(None, None, 2)))
    assert "unpriced" in text
    assert "$" not in text
    assert "0.00 " not in text


def test_a_degraded_run_says_why() -> None:
    text = shown(document(degraded=True, degraded_reasons=("no model answered",)))
    assert "succeeded, degraded" in text
    assert "degraded: no model answered" in text


def test_a_failed_run_says_what_failed_and_does_not_claim_that_nothing_was_found() -> None:
    failed = document(status=Status.FAILED)
    error = ErrorRecord("docker_unavailable", "The daemon went away.", "Start it.")
    job = replace(failed.run.jobs[0], status=Status.FAILED, error=error)
    text = shown(replace(failed, run=replace(failed.run, jobs=(job,))))
    assert "job log_triage: The daemon went away." in text
    assert "Start it." in text
    assert "No findings." not in text


def test_resolved_findings_are_set_apart() -> None:
    text = shown(document(finding(state=FindingState.RESOLVED)))
    assert "No findings." in text
    assert "RESOLVED  shop-app: upstream refused connections" in text


def test_many_findings_are_counted_before_they_are_shown() -> None:
    found = [finding(id=str(n), severity=Severity.WARNING) for n in range(199)]
    gone = finding(id="gone", state=FindingState.RESOLVED)
    known = finding(id="known", state=FindingState.ONGOING)
    lines = shown(document(*found, known, gone)).splitlines()
    assert lines[1] == "1 critical, 199 warning  199 new, 1 ongoing, 1 resolved"
    assert "1 critical" not in shown(document(finding()))
    assert "no findings  2 resolved" in shown(document(gone, replace(gone, id="too")))


def test_hostile_text_in_every_field_stays_text_on_its_line() -> None:
    hostile = finding(
        title=HOSTILE,
        explanation=HOSTILE,
        suggestion=HOSTILE,
        container=HOSTILE,
        evidence=tuple(Evidence(T0, "stdout", HOSTILE) for _ in range(5)),
    )
    text = shown(document(hostile, degraded_reasons=(HOSTILE,)), width=80)
    assert not set(text) & {"\x1b", "\x9b", "\u202e", "\r"}
    assert "2 more in the report" in text
    assert len(text.splitlines()) < 40


def test_an_endless_line_is_cut_in_numbers() -> None:
    text = shown(document(finding(evidence=(Evidence(T0, "stdout", "x" * 1_000_000),))))
    assert "… 999,500 characters more" in text
    assert len(text) < 3000


def test_a_chain_is_told_before_the_findings_it_explains() -> None:
    text = shown(with_incident("shop-db: disk full at 02:58:51 → shop-app: refused at 02:58:53"))
    assert text.index("shop-db: disk full at 02:58:51 → shop-app: refused") < text.index("CRITICAL")
    assert "In the model's words" in text
    assert "\x1b" not in shown(with_incident(HOSTILE))
    assert "\u202e" not in shown(with_incident(HOSTILE))


def test_panels_are_shown_as_they_are_but_for_what_could_steer_a_terminal() -> None:
    panel = Panel("What runs here", ("shop", "├─ db  2 × 5432", f"└─ {HOSTILE}"))
    text = shown(replace(document(), panels=(panel,)), width=20)
    assert "What runs here\n    shop\n    ├─ db  2 × 5432\n    └─ " in text
    assert "\x1b" not in text
    assert "\r" not in text


def test_a_finding_that_no_log_event_is_behind_does_not_count_events() -> None:
    assert "connections  new, by rule" in shown(document(finding(count=0)))


def incident() -> RunDocument:
    """Two findings an hour apart, the graver one first, and one container's volume."""
    late = finding(id="b2", title="late trouble", first_seen=T0 + HOUR, last_seen=T0 + HOUR)
    early = finding(id="a1", title="early sign", severity=Severity.WARNING, last_seen=T0 + 9)
    volume = Timeline("shop-app", T0, T0 + 2 * HOUR, (8, 1, 0, 4), {"a1": (3, 0, 0, 0)})
    whole = replace(document(late, early), timelines=(volume,), notes=("12 patterns not shown",))
    reading = replace(whole.run.jobs[0].containers[0], name="shop-app")
    job = replace(whole.run.jobs[0], containers=(reading,))
    return replace(whole, run=replace(whole.run, jobs=(job,)))


def test_the_timeline_has_findings_in_the_order_in_which_they_began() -> None:
    lines = shown(incident()).splitlines()
    start = lines.index(next(line for line in lines if line.startswith("Timeline")))
    first, second = lines[start + 1 : start + 3]
    assert first.split()[0] == "03:00:00"
    assert "warning" in first
    assert "early sign" in first
    assert "█" in first.split()[1]
    assert second.split()[0] == "04:00:00"
    assert "late trouble" in second
    text = "\n".join(lines)
    assert text.index("CRITICAL  shop-app  late") < text.index("WARNING   shop-app  early")


def test_a_container_shows_its_volume_and_what_was_left_out() -> None:
    text = shown(incident())
    assert "█▂▁▅  03:00:00 to 05:00:00" in text
    assert "Note       12 patterns not shown" in text


def test_one_finding_alone_needs_no_timeline() -> None:
    assert "Timeline" not in shown(document(finding()))


@pytest.mark.parametrize("width", [80, 140])
def test_on_a_terminal_no_line_is_wider_than_it_and_nothing_is_lost(width: int) -> None:
    long = "upstream prematurely closed the connection while reading a header " * 3
    wide = incident()
    proof = Evidence(T0, "stderr", long)
    long_one = finding(title=long, evidence=(proof,), explanation=long, suggestion=long)
    text = shown(replace(wide, findings=(*wide.findings, long_one), notes=(long,)), width)
    for line in text.splitlines():
        assert len(line) <= width or line.startswith(("Run ", "Artifact", "    2026")), line
    assert " ".join(text.replace("│", " ").split()).count(" ".join(long.split())) == 5


@pytest.mark.parametrize("width", [60, 80, 121])
def test_wide_signs_take_the_room_that_they_take(width: int) -> None:
    wide = "数据库连接失败" * 30 + " no more connections"
    told = finding(title=wide, explanation=wide, evidence=(Evidence(T0, "stderr", wide),))
    lines = shown(document(told), width).splitlines()
    found = [line for line in lines if "数" in line]
    assert max(map(display_width, found)) <= width
    assert "".join("".join(found).replace("│", "").split()).count("数据库连接失败") >= 80


def test_in_a_pipe_nothing_is_cut() -> None:
    long = "x" * 400
    wide = incident()
    text = shown(replace(wide, findings=(*wide.findings, finding(title=long))))
    assert text.count(long) == 2
    assert "\x1b" not in text
