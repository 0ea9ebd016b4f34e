"""What a report on GPUs makes of the last run's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cyberbrain_cli.core.findings import Finding, FindingState, Severity
from cyberbrain_cli.core.records import EccErrors, GpuFacts, GpuProcess, GpuSample
from cyberbrain_cli.testing import FakeGpus, FakeHost, run_worker
from cyberbrain_cli.testing.clock import START
from cyberbrain_cli.testing.harness import WorkerRun
from cyberbrain_cli.workers.gpu_report import WORKER
from tests.workers.test_gpu_report import CALM, CARD, GIB, at, look, report, told
from tests.workers.test_gpu_report import host as host

HOT = replace(CALM, temperature_celsius=90.0)
LOST = GpuFacts("nvidia-0", 0, "nvidia", lost=True)
OTHER = replace(CARD, uuid="GPU-b", index=1)
OTHER_CALM = replace(CALM, uuid="GPU-b")


def again(host: FakeHost, before: WorkerRun, *samples: GpuSample, **more: Any) -> WorkerRun:
    earlier = {"gpu_report": before.documents["gpu_report.json"]}
    return look(host, *samples, previous=before.outcome.findings, earlier=earlier, **more)


def states(findings: tuple[Finding, ...]) -> list[FindingState]:
    return [item.state for item in findings]


def test_findings_are_held_against_the_last_run(host: FakeHost) -> None:
    hot = replace(CALM, temperature_celsius=90.0)
    first = look(host, hot)
    assert states(first.outcome.findings) == [FindingState.NEW]
    assert states(again(host, first, hot).outcome.findings) == [FindingState.ONGOING]
    assert states(again(host, first, CALM).outcome.findings) == [FindingState.RESOLVED]


def test_more_errors_than_in_the_last_run_are_counted(host: FakeHost) -> None:
    first = look(host, card=replace(CARD, ecc=EccErrors(uncorrected_volatile=2)))
    second = again(host, first, card=replace(CARD, ecc=EccErrors(uncorrected_volatile=5)))
    assert "3 of them since the last run" in second.outcome.findings[0].explanation


def test_a_gpu_that_is_gone_is_critical_and_resolves_nothing(host: FakeHost) -> None:
    first = look(host, replace(CALM, temperature_celsius=90.0))
    other = replace(CARD, uuid="GPU-b", index=1)
    run = again(host, first, replace(CALM, uuid="GPU-b"), card=other)
    assert told(run) == [("GPU 0 was here before and is not any more", None, Severity.CRITICAL)]


def open_titles(run: WorkerRun) -> list[tuple[str, FindingState]]:
    return [(item.title, item.state) for item in run.outcome.findings]


GONE = "GPU 0 was here before and is not any more"


def test_a_gpu_that_stays_away_is_told_until_it_is_back(host: FakeHost) -> None:
    first = look(host)
    runs = [first]
    for _ in range(3):
        runs.append(again(host, runs[-1], OTHER_CALM, card=OTHER))
    assert [open_titles(run) for run in runs[1:]] == [
        [(GONE, FindingState.NEW)],
        [(GONE, FindingState.ONGOING)],
        [(GONE, FindingState.ONGOING)],
    ]
    (missing,) = report(runs[-1])["missing"]
    assert (missing["uuid"], missing["index"], missing["name"]) == ("GPU-a", 0, "H100")
    back = again(host, runs[-1])
    assert [state for title, state in open_titles(back) if title == GONE] == [FindingState.RESOLVED]
    assert [one["uuid"] for one in report(back)["missing"]] == ["GPU-b"]


def test_a_gpu_that_was_taken_out_is_not_told_for_ever(host: FakeHost) -> None:
    gone = again(host, look(host), OTHER_CALM, card=OTHER)
    later = again(host, gone, OTHER_CALM, card=OTHER, clock=at(START + timedelta(days=8)))
    assert open_titles(later) == [(GONE, FindingState.RESOLVED)]
    assert report(later)["missing"] == []


def test_a_gpu_that_cannot_be_opened_is_known_by_its_number(host: FakeHost) -> None:
    lost = run_worker(WORKER, host, {"sample_seconds": 1}, gpus=FakeGpus((LOST,)), clock=at())
    assert told(lost) == [("GPU 0 does not answer", None, Severity.CRITICAL)]
    assert [gpu["lost"] for gpu in report(lost)["gpus"]] == [True]
    found = again(host, lost)
    assert open_titles(found) == [("GPU 0 does not answer", FindingState.RESOLVED)]
    assert report(found)["missing"] == []
    again_lost = again_with(host, found, LOST)
    assert [gpu["uuid"] for gpu in report(again_lost)["gpus"]] == ["GPU-a"]
    assert open_titles(again_lost) == [("GPU 0 does not answer", FindingState.NEW)]
    assert open_titles(again_with(host, again_lost, LOST)) == [
        ("GPU 0 does not answer", FindingState.ONGOING)
    ]


def again_with(host: FakeHost, before: WorkerRun, *cards: GpuFacts) -> WorkerRun:
    earlier = {"gpu_report": before.documents["gpu_report.json"]}
    return run_worker(
        WORKER, host, {"sample_seconds": 1}, gpus=FakeGpus(cards), clock=at(),
        previous=before.outcome.findings, earlier=earlier,
    )  # fmt: skip


def test_what_could_not_be_looked_at_is_not_resolved(host: FakeHost) -> None:
    first = look(host, HOT)
    assert open_titles(again(host, first, replace(CALM, temperature_celsius=None))) == []
    ignored = again(host, first, HOT, options={"ignore": ["hot"]})
    assert open_titles(ignored) == []


def test_another_gpu_that_is_gone_hinders_nothing(host: FakeHost) -> None:
    hot = replace(OTHER_CALM, temperature_celsius=90.0)
    cards = FakeGpus((CARD, OTHER), [(CALM, hot)])
    first = run_worker(WORKER, host, {"sample_seconds": 1}, gpus=cards, clock=at())
    second = again(host, first, OTHER_CALM, card=OTHER)
    assert open_titles(second) == [
        (GONE, FindingState.NEW),
        ("GPU 1 is hot: 90 °C", FindingState.RESOLVED),
    ]


def test_a_name_that_left_the_allowlist_does_not_come_back_as_resolved(host: FakeHost) -> None:
    idle = replace(CALM, utilization_percent=0.0, processes=(GpuProcess(11, 60 * GIB),))
    first = look(host, idle)
    host.unlisted.add("chat")
    second = again(host, first)
    assert "chat" not in str(second.documents) + str(second.reports)


@pytest.mark.parametrize("document", [{}, {"schema_version": 1}, [], "x"])
def test_a_report_of_another_version_is_no_comparison(host: FakeHost, document: Any) -> None:
    run = look(host, earlier={"gpu_report": document})
    assert report(run)["missing"] == []


def test_a_report_of_a_later_version_is_no_comparison(host: FakeHost) -> None:
    later = {**report(look(host)), "schema_version": 99}
    assert (
        report(look(host, OTHER_CALM, card=OTHER, earlier={"gpu_report": later}))["missing"] == []
    )
