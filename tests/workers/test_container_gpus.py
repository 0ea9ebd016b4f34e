"""The container task: which GPUs a container is given."""

from __future__ import annotations

from typing import Any

import pytest

from cyberbrain_cli.core.errors import RunFailed
from cyberbrain_cli.core.records import GpuFacts, GpuSample
from cyberbrain_cli.testing import FakeGpus, FakeHost, FakeRunner, run_worker
from cyberbrain_cli.workers.container import WORKER
from cyberbrain_cli.workers.container.params import Resources
from cyberbrain_cli.workers.container.placing import place

GIB = 1024**3


def gpus(*free: tuple[str, float, float, str]) -> FakeGpus:
    """UUID, free GiB of 80, load, vendor."""
    cards = tuple(
        GpuFacts(uuid, index, vendor, memory_total_bytes=80 * GIB)
        for index, (uuid, _, _, vendor) in enumerate(free)
    )
    sample = tuple(
        GpuSample(uuid, utilization_percent=load, memory_used_bytes=int((80 - room) * GIB))
        for uuid, room, load, _ in free
    )
    return FakeGpus(cards, [sample])


FOUR = gpus(
    ("busy", 79, 99, "nvidia"),
    ("full", 1, 0, "nvidia"),
    ("best", 60, 5, "nvidia"),
    ("amd", 80, 0, "amd"),
)


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ({"gpus": "auto"}, ("best",)),
        ({"gpus": 2}, ("best", "full")),
        ({"gpus": "auto", "gpu_memory": "70GiB"}, ("busy",)),
        ({"gpus": 0}, ()),
        ({"gpus": 9, "gpu_optional": True}, ()),
    ],
)
def test_the_gpus_with_most_room_and_least_load(
    wanted: dict[str, Any], given: tuple[str, ...]
) -> None:
    runner = FakeRunner()
    options = {"image": "w:1", "resources": wanted}
    done = run_worker(WORKER, FakeHost(), options, runner=runner, gpus=FOUR)
    assert runner.requests[0].gpus == given
    assert bool(done.outcome.degraded) is ("gpu_optional" in wanted)


def test_a_gpu_that_stopped_answering_is_not_chosen() -> None:
    lost = FakeGpus(FOUR.cards, [FOUR.samples[0][:2]], told=("GPU 2 stopped answering.",))
    assert place(Resources(gpus=1), lost).gpus == ("full",), "busy, but for its first percent"
    with pytest.raises(RunFailed, match=r"3 GPUs asked for, 2 free\. GPU 2 stopped answering\."):
        place(Resources(gpus=3), lost)


def test_a_gpu_that_does_not_tell_its_memory_will_do_where_none_is_asked_for() -> None:
    silent = FakeGpus((GpuFacts("g", 0, "nvidia"),), [(GpuSample("g"),)])
    assert place(Resources(gpus="auto"), silent).gpus == ("g",)
    asks = Resources.model_validate({"gpus": "auto", "gpu_memory": "1GiB"})
    with pytest.raises(RunFailed, match="0 free"):
        place(asks, silent)


def test_no_gpu_free_enough_is_a_failure_that_says_so() -> None:
    options = {"image": "w:1", "resources": {"gpus": 2, "gpu_memory": "70GiB"}}
    with pytest.raises(RunFailed, match=r"2 GPUs with 70\.0 GiB of free memory asked for, 1 free"):
        run_worker(WORKER, FakeHost(), options, gpus=FOUR)
    with pytest.raises(RunFailed, match="0 free"):
        run_worker(WORKER, FakeHost(), {"image": "w:1", "resources": {"gpus": "auto"}})
