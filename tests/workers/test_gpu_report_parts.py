"""How GPUs are looked at, what containers were given of them, and parts of GPUs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import pytest

from cyberbrain_cli.core.records import (
    GpuClaim,
    GpuFacts,
    GpuInstance,
    GpuInstanceSample,
    GpuProcess,
    GpuSample,
    GpuUse,
)
from cyberbrain_cli.render.documents import MarkdownDocuments
from cyberbrain_cli.testing import FakeGpus, FakeHost, run_worker
from cyberbrain_cli.testing.clock import START
from cyberbrain_cli.workers.gpu_report import WORKER
from cyberbrain_cli.workers.gpu_report.claims import given
from cyberbrain_cli.workers.gpu_report.model import Figures
from tests.workers.test_gpu_report import CALM, CARD, GIB, at, look, report, told
from tests.workers.test_gpu_report import host as host


@pytest.mark.parametrize(
    ("values", "median", "p95"),
    [
        ([7], 7, 7),
        ([1, 2], 1.5, 2),
        (range(1, 11), 5.5, 10),
        (range(1, 21), 10.5, 19),
        (range(1, 101), 50.5, 95),
    ],
)
def test_the_median_and_the_nearest_rank(
    values: Iterable[float], median: float, p95: float
) -> None:
    figures = Figures.of([None, *reversed(list(values))])
    assert figures is not None
    assert (figures.median, figures.p95) == (median, p95)
    assert Figures.of([None]) is None


class SlowGpus(FakeGpus):
    """One look at them takes as long as it is told to."""

    def sample(self) -> tuple[GpuSample, ...]:
        self.clock.wait(next(self.takes, 0.0))
        self.times.append(self.clock.monotonic() - START.timestamp())
        return super().sample()

    def begin(self, takes: Iterable[float]) -> SlowGpus:
        self.clock, self.takes, self.times = at(), iter(takes), list[float]()
        return self


def test_looks_that_come_too_late_are_left_out_and_the_rest_is_on_time(host: FakeHost) -> None:
    gpus = SlowGpus((CARD,), [(CALM,)]).begin([0.05, 0.5])
    run = run_worker(WORKER, host, {"sample_seconds": 1.6}, gpus=gpus, clock=gpus.clock)
    assert [round(time, 2) for time in gpus.times] == [0.05, 0.7, 0.8, 1.0, 1.2, 1.4]
    assert report(run)["notes"][0].startswith("The GPUs were looked at 6 times and not 8:")


def test_an_owner_is_asked_for_when_its_process_is_seen(host: FakeHost) -> None:
    asked = []

    class Asked(FakeHost):
        def gpu_use(self, pids: Collection[int], names: Collection[str]) -> GpuUse:
            asked.append((list(pids), list(names)))
            return host.gpu_use(pids, names)

    watching = Asked(unlisted={"secret"})
    for name in ("chat", "embed", "secret"):
        watching.add(name)
    later = replace(CALM, processes=(GpuProcess(11, GIB), GpuProcess(12, GIB)))
    look(watching, CALM, CALM, later, CALM)
    assert asked == [([11], []), ([12], []), ([], ["chat", "embed"])]


PARTS = (GpuInstance("MIG-1", 0, "3g.40gb", 40 * GIB), GpuInstance("MIG-2", 2, "1g.10gb", 10 * GIB))
CUT = replace(
    CALM,
    utilization_percent=None,
    memory_used_bytes=50 * GIB,
    processes=(
        GpuProcess(11, 30 * GIB, "MIG-1"), GpuProcess(12, 9 * GIB, "MIG-2"),
        GpuProcess(13, GIB, "MIG-2"),
    ),
    instances=(
        GpuInstanceSample("MIG-1", 30 * GIB), GpuInstanceSample("MIG-2", 10 * GIB),
    ),
)  # fmt: skip


def test_each_part_of_a_gpu_has_its_memory_its_users_and_its_trouble(host: FakeHost) -> None:
    run = look(host, CUT, card=replace(CARD, mig=True, instances=PARTS))
    (gpu,) = report(run)["gpus"]
    assert [(part["index"], part["memory_used_bytes"]["p95"]) for part in gpu["instances"]] == [
        (0, 30 * GIB),
        (2, 10 * GIB),
    ]
    assert [(user["container"], user["instance"]) for user in gpu["users"]] == [
        ("chat", "MIG-1"),
        ("embed", "MIG-2"),
        (None, "MIG-2"),
    ]
    assert sorted(title for title, _, _ in told(run)) == [
        "GPU 0, part 2, is almost full: 100 % of its memory",
        "GPU 0, part 2, is crowded by 2 containers",
    ]
    lines = run.reports["report.md"].panels[0].lines
    assert "  part 2  10.0 GiB of 10.0 GiB  1g.10gb" in lines
    assert "  ├ embed (part 2): 9.0 GiB" in lines


GIVEN: list[tuple[tuple[str, ...], set[str | None]]] = [
    (("all",), {None}),
    (("1",), {None}),
    (("0",), set()),
    (("01",), set()),
    (("GPU-1F0C2E9A-0000",), {None}),
    (("GPU-1f0c2e9a-0000-4000-8000-0000000000a1",), {None}),
    (("GPU-",), set()),
    (("GPU-2",), set()),
    (("",), set()),
    (("1:2",), {"MIG-2"}),
    (("1:1",), set()),
    (("0:2",), set()),
    (("MIG-1",), {"MIG-1"}),
    (("MIG-",), set()),
    (("MIG-1", "MIG-2"), {"MIG-1", "MIG-2"}),
    (("MIG-1", "1"), {None}),
    (("0000:3b:00.0",), {None}),
    (("nvidia.com/gpu=1",), {None}),
    (("nvidia.com/gpu=all",), {None}),
    (("nvidia.com/gpu=1:0",), {"MIG-1"}),
    (("amd.com/gpu=all",), set()),
    (("all; rm -rf",), set()),
]


@pytest.mark.parametrize(("devices", "expected"), GIVEN)
def test_what_a_claim_means(devices: tuple[str, ...], expected: set[str | None]) -> None:
    uuid = "GPU-1f0c2e9a-0000-4000-8000-0000000000a1"
    card = replace(CARD, uuid=uuid, index=1, pci_address="00000000:3B:00.0", instances=PARTS)
    assert given(GpuClaim("x", devices), card) == expected


def test_a_count_means_the_first_gpus_of_nvidia() -> None:
    claim = GpuClaim("x", (), 2)
    cards = [GpuFacts(str(index), index, "nvidia") for index in range(4)]
    cards.append(GpuFacts("amd", 0, "amd"))
    assert [bool(given(claim, card)) for card in cards] == [True, True, False, False, False]
    assert given(GpuClaim("x", ("all",)), cards[-1]) == set()


def test_words_that_no_runtime_reads_are_told_as_words(host: FakeHost) -> None:
    host.gpu_users = GpuUse({}, (GpuClaim("chat", ("all",), heeded=False),))
    run = look(host, replace(CALM, processes=()))
    assert report(run)["gpus"][0]["users"][0]["evidence"] == "variable"
    assert run.reports["report.md"].panels[0].lines[-1] == (
        "  └ chat: asks for it by NVIDIA_VISIBLE_DEVICES, no process seen"
    )


def test_hidden_processes_are_spoken_of_even_if_the_driver_shows_none(host: FakeHost) -> None:
    host.gpu_users = GpuUse({}, (), "The pids are hidden")
    assert "The pids are hidden" in report(look(host, replace(CALM, processes=())))["notes"][0]


def test_containers_that_are_not_allowed_share_one_finding(host: FakeHost) -> None:
    idle = replace(
        CALM,
        utilization_percent=0.0,
        processes=(GpuProcess(13, 20 * GIB), GpuProcess(15, 30 * GIB), GpuProcess(11, 10 * GIB)),
    )
    run = look(host, idle, options={"idle_memory_percent": 10})
    assert sorted(title for title, _, _ in told(run)) == [
        "GPU 0 is idle while a container that is not on the allowlist holds 38 % of its memory",
        "GPU 0 is idle while chat holds 12 % of its memory",
    ]
    ids = [item.id for item in run.outcome.findings]
    assert len(ids) == len(set(ids))


def test_the_power_cap_is_told_without_a_power_reading(host: FakeHost) -> None:
    run = look(host, replace(CALM, power_watts=None, throttle=("power_cap",)))
    assert run.outcome.findings[0].explanation == "Clocks were held back in 100 % of the samples."


def test_the_document_has_the_gpus_and_their_users_as_tables(host: FakeHost) -> None:
    text = MarkdownDocuments().markdown(look(host).reports["report.md"])
    row = r"| GPU 0 | H100 | 40 (max 40) | 20\.0 GiB of 80.0 GiB | 50 | 300 of 700 W | no |"
    assert row in text
    assert r"| GPU 0 |  | chat | 20\.0 GiB | 1 |" in text
