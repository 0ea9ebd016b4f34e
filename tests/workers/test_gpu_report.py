"""What a report on GPUs says and finds, on GPUs in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from cyberbrain_cli.core.errors import Cancelled
from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.records import (
    EccErrors,
    GpuClaim,
    GpuFacts,
    GpuInstance,
    GpuOwner,
    GpuProcess,
    GpuSample,
    GpuUse,
)
from cyberbrain_cli.testing import FakeGpus, FakeHost, run_worker
from cyberbrain_cli.testing.clock import START, TickingClock
from cyberbrain_cli.testing.harness import WorkerRun
from cyberbrain_cli.workers.gpu_report import WORKER

GIB = 2**30
CARD = GpuFacts(
    "GPU-a", 0, "nvidia", name="H100", memory_total_bytes=80 * GIB, power_limit_watts=700.0
)
CALM = GpuSample(
    "GPU-a", utilization_percent=40.0, memory_used_bytes=20 * GIB, temperature_celsius=50.0,
    power_watts=300.0, throttle=(), processes=(GpuProcess(11, 20 * GIB),),
)  # fmt: skip


@pytest.fixture
def host() -> FakeHost:
    """Two containers that may be seen and one that may not, each with a process."""
    host = FakeHost(unlisted={"secret"})
    for name in ("chat", "embed", "secret"):
        host.add(name)
    host.gpu_users = GpuUse(
        {
            11: GpuOwner("container", "chat", token="c1"),
            12: GpuOwner("container", "embed", token="c2"),
            13: GpuOwner("container", "secret", token="c3"),
            14: GpuOwner("host"),
            15: GpuOwner("container", None, token="c9"),
        }
    )
    return host


def look(host: FakeHost, *samples: GpuSample, card: GpuFacts = CARD, **more: Any) -> WorkerRun:
    gpus = FakeGpus((card,), [(sample,) for sample in samples or (CALM,)], more.pop("errors", {}))
    options = {"sample_seconds": max(1, len(samples)) / 5} | more.pop("options", {})
    return run_worker(WORKER, host, options, gpus=gpus, clock=more.pop("clock", at()), **more)


def at(moment: datetime = START) -> TickingClock:
    """A clock that only moves when somebody waits."""
    return TickingClock(moment, timedelta())


def report(run: WorkerRun) -> dict[str, Any]:
    found = run.documents["gpu_report.json"]
    assert isinstance(found, dict)
    return found


def told(run: WorkerRun) -> list[tuple[str, str | None, Severity]]:
    return [(item.title, item.container, item.severity) for item in run.outcome.findings]


def test_a_host_without_a_gpu_has_a_report_that_says_so(host: FakeHost) -> None:
    run = run_worker(WORKER, host, gpus=FakeGpus())
    assert report(run)["gpus"] == []
    assert run.outcome.findings == ()
    assert run.outcome.degraded == ()
    assert run.reports["report.md"].panels[0].lines == ("There is no GPU on this host.",)


def test_figures_are_over_all_samples_and_not_one_lucky_instant(host: FakeHost) -> None:
    samples = [replace(CALM, utilization_percent=float(use)) for use in (10, 90, 20, 100, 30)]
    (gpu,) = report(look(host, *samples))["gpus"]
    figures = gpu["measured"]["utilization_percent"]
    assert figures == {"minimum": 10, "median": 30, "p95": 100, "maximum": 100, "samples": 5}


def test_what_no_sample_has_is_null(host: FakeHost) -> None:
    (gpu,) = report(look(host, GpuSample("GPU-a"), card=GpuFacts("GPU-a", 0, "nvidia")))["gpus"]
    assert set(gpu["measured"].values()) == {None}
    assert (gpu["memory_total_bytes"], gpu["xids"], gpu["users"]) == (None, None, [])
    assert look(host, GpuSample("GPU-a")).outcome.findings == ()


def test_processes_are_told_by_container_and_strangers_by_nothing(host: FakeHost) -> None:
    processes = (
        GpuProcess(11, 5 * GIB), GpuProcess(13, 7 * GIB), GpuProcess(14, GIB), GpuProcess(99, 1),
        GpuProcess(15, None),
    )  # fmt: skip
    run = look(host, replace(CALM, processes=processes))
    users = report(run)["gpus"][0]["users"]
    assert [(user["kind"], user["container"], user["memory_bytes"]) for user in users] == [
        ("not_allowed", None, 7 * GIB),
        ("container", "chat", 5 * GIB),
        ("host", None, GIB),
        ("hidden", None, 1),
        ("not_allowed", None, None),
    ]
    assert "secret" not in str(run.documents) + str(run.reports)


def test_a_containers_memory_is_the_most_that_all_its_processes_held_at_once(
    host: FakeHost,
) -> None:
    host.gpu_users.owners[21] = GpuOwner("container", "chat", token="c1")
    first = replace(CALM, processes=(GpuProcess(11, 5 * GIB), GpuProcess(21, 2 * GIB)))
    second = replace(CALM, processes=(GpuProcess(11, 6 * GIB),))
    (user,) = report(look(host, first, second))["gpus"][0]["users"]
    assert (user["memory_bytes"], user["processes"]) == (7 * GIB, 2)


def test_where_pids_are_hidden_containers_that_were_given_the_gpu_are_named(
    host: FakeHost,
) -> None:
    claims = (
        GpuClaim("chat", ("0",)), GpuClaim("embed", ("GPU-b",)), GpuClaim("secret", ("all",)),
    )  # fmt: skip
    host.gpu_users = GpuUse({11: GpuOwner("hidden")}, claims, "The pids are hidden")
    run = look(host)
    users = report(run)["gpus"][0]["users"]
    assert [(user["kind"], user["container"], user["evidence"]) for user in users] == [
        ("hidden", None, "process"),
        ("container", "chat", "claim"),
    ]
    assert "The pids are hidden" in report(run)["notes"][0]


def test_a_part_of_a_gpu_that_was_given_means_the_gpu(host: FakeHost) -> None:
    card = replace(CARD, instances=(GpuInstance("MIG-1", 0, "1g.10gb", 10 * GIB),))
    host.gpu_users = GpuUse({}, (GpuClaim("embed", ("MIG-1",)),))
    (user,) = report(look(host, replace(CALM, processes=()), card=card))["gpus"][0]["users"]
    assert (user["container"], user["evidence"]) == ("embed", "claim")


CASES: list[tuple[str, dict[str, Any], dict[str, Any], str, Severity]] = [
    ("busy", {"utilization_percent": 99.0}, {}, "GPU 0 is busy: 99 % of the time", Severity.INFO),
    ("memory", {"memory_used_bytes": 78 * GIB}, {}, "GPU 0 is almost full", Severity.WARNING),
    ("hot", {"temperature_celsius": 86.0}, {}, "GPU 0 is hot: 86 °C", Severity.WARNING),
    ("hot", {"temperature_celsius": 95.0}, {}, "GPU 0 is hot: 95 °C", Severity.CRITICAL),
    (
        "throttled", {"throttle": ("hardware_thermal",)}, {},
        "GPU 0 is slowed down to protect itself", Severity.WARNING,
    ),
    (
        "power_cap", {"throttle": ("power_cap",), "power_watts": 699.0}, {},
        "GPU 0 is held back by its power limit", Severity.INFO,
    ),
    (
        "ecc", {}, {"ecc": EccErrors(uncorrected_volatile=2)},
        "GPU 0 has 2 uncorrected memory errors", Severity.CRITICAL,
    ),
    (
        "ecc", {}, {"ecc": EccErrors(corrected_volatile=4000)},
        "GPU 0 has 4000 corrected memory errors", Severity.WARNING,
    ),
    (
        "idle",
        {"utilization_percent": 0.0, "processes": (GpuProcess(11, 60 * GIB),)},
        {}, "GPU 0 is idle while chat holds 75 % of its memory", Severity.WARNING,
    ),
    (
        "crowded",
        {
            "memory_used_bytes": 74 * GIB,
            "processes": (GpuProcess(11, 40 * GIB), GpuProcess(12, 34 * GIB)),
        },
        {}, "GPU 0 is crowded by 2 containers", Severity.WARNING,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "sample", "card", "title", "severity"), CASES)
def test_trouble_is_found_and_can_be_ignored(
    host: FakeHost,
    rule: str,
    sample: dict[str, Any],
    card: dict[str, Any],
    title: str,
    severity: Severity,
) -> None:
    seen, gpu = replace(CALM, **sample), replace(CARD, **card)
    (finding,) = look(host, seen, card=gpu).outcome.findings
    assert finding.title.startswith(title)
    assert finding.severity is severity
    assert finding.container == ("chat" if rule == "idle" else None)
    assert look(host, seen, card=gpu, options={"ignore": [rule]}).outcome.findings == ()


def test_a_gpu_with_nothing_wrong_raises_nothing(host: FakeHost) -> None:
    assert look(host).outcome.findings == ()


def test_reported_errors_are_critical(host: FakeHost) -> None:
    run = look(host, errors={"GPU-a": (79, 79, 48)})
    assert told(run) == [("GPU 0 reported an error: Xid 48, 79", None, Severity.CRITICAL)]


def test_a_gpu_lost_meanwhile_is_reported_with_what_was_seen(host: FakeHost) -> None:
    class Losing(FakeGpus):
        def facts(self) -> tuple[GpuFacts, ...]:
            return (GpuFacts("GPU-a", 0, "nvidia", lost=True),) if self._round else self.cards

    gpus = Losing((CARD,), [(CALM,), ()], {}, ("GPU 0 stopped answering.",))
    run = run_worker(WORKER, host, {"sample_seconds": 1}, gpus=gpus, clock=at())
    assert run.outcome.findings[0].title == "GPU 0 stopped answering while it was looked at"
    (gpu,) = report(run)["gpus"]
    assert (gpu["lost"], gpu["measured"]["utilization_percent"]["samples"]) == (True, 1)
    assert report(run)["notes"] == ["GPU 0 stopped answering."]


def test_it_looks_for_as_long_as_asked_and_no_longer(host: FakeHost) -> None:
    assert report(look(host, options={"sample_seconds": 7}))["samples"] == 35


def test_it_stops_when_it_is_told_to(host: FakeHost) -> None:
    def check() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        look(host, check=check)


def test_the_terminal_shows_bars_figures_and_users(host: FakeHost) -> None:
    samples = [replace(CALM, utilization_percent=float(use)) for use in (0, 50, 100)]
    (panel,) = look(host, *samples).reports["report.md"].panels
    assert panel.lines[0] == "GPU 0  H100"
    assert "▁▅█" in panel.lines[1]
    assert "50 (max 100) %" in panel.lines[1]
    assert "20.0 GiB of 80.0 GiB" in panel.lines[2]
    assert panel.lines[-1] == "  └ chat: 20.0 GiB"
