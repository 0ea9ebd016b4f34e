"""Looking at GPUs for a while, and what the samples say together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cyberbrain_cli.core.ports import GpuWatch
from cyberbrain_cli.core.records import GpuFacts, GpuInstance, GpuSample
from cyberbrain_cli.core.worker import JobContext
from cyberbrain_cli.workers.gpu_report.model import Course, Figures, Instance, Measured

PER_SECOND = 5
_ENOUGH = 0.9
_SLOW = (
    "The GPUs were looked at {} times and not {}: the driver or the Docker daemon took long to "
    "answer."
)


@dataclass(slots=True)
class Observed:
    """What was seen of the GPUs: facts as they were at the end, or before a GPU was lost."""

    facts: dict[str, GpuFacts] = field(default_factory=dict)
    samples: dict[str, list[GpuSample]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    xids: dict[str, tuple[int, ...] | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rounds: int = 0


def observe(
    watch: GpuWatch, seconds: float, ctx: JobContext, meet: Callable[[Sequence[GpuSample]], None]
) -> Observed:
    """Look at all GPUs five times a second; `meet` is given each round's samples at once.

    Rounds are due at whole fifths of a second after the first. Where one takes too long, those
    that it made late are left out, so that no moment counts twice. Raises Cancelled when the run
    is to stop.
    """
    seen = Observed(facts={gpu.uuid: gpu for gpu in watch.facts()})
    begin, due, slow = ctx.clock.monotonic(), 0, False
    while due / PER_SECOND < seconds:
        ctx.check()
        samples = watch.sample()
        if not samples:
            break
        for sample in samples:
            seen.samples.setdefault(sample.uuid, []).append(sample)
        meet(samples)
        seen.rounds += 1
        passed = ctx.clock.monotonic() - begin
        due = max(due + 1, math.ceil(passed * PER_SECOND))
        if due / PER_SECOND < seconds:
            ctx.clock.wait(max(0.0, due / PER_SECOND - passed))
    else:
        slow = seen.rounds < _ENOUGH * seconds * PER_SECOND
    after = {gpu.uuid: gpu for gpu in watch.facts()}
    seen.lost = {uuid for uuid, gpu in after.items() if gpu.lost}
    seen.facts = {
        uuid: seen.facts.get(uuid, gpu) if gpu.lost else gpu for uuid, gpu in after.items()
    }
    seen.xids = dict(watch.xids())
    wanted = math.ceil(seconds * PER_SECOND)
    seen.notes = (*watch.notes, *((_SLOW.format(seen.rounds, wanted),) if slow else ()))
    return seen


def measured(samples: Sequence[GpuSample]) -> Measured:
    """The figures of one GPU."""

    def over(value: Callable[[GpuSample], float | None]) -> Figures | None:
        return Figures.of([value(sample) for sample in samples])

    return Measured(
        utilization_percent=over(lambda one: one.utilization_percent),
        memory_utilization_percent=over(lambda one: one.memory_utilization_percent),
        memory_used_bytes=over(lambda one: one.memory_used_bytes),
        temperature_celsius=over(lambda one: one.temperature_celsius),
        power_watts=over(lambda one: one.power_watts),
        graphics_clock_mhz=over(lambda one: one.graphics_clock_mhz),
        memory_clock_mhz=over(lambda one: one.memory_clock_mhz),
        pcie_received_bytes_per_second=over(lambda one: one.pcie_received_bytes_per_second),
        pcie_sent_bytes_per_second=over(lambda one: one.pcie_sent_bytes_per_second),
        throttled=_throttled(samples),
    )


def instance(part: GpuInstance, samples: Sequence[GpuSample]) -> Instance:
    """A part of a GPU with its figures."""
    used = [
        one.memory_used_bytes
        for sample in samples
        for one in sample.instances
        if one.uuid == part.uuid
    ]
    return Instance(part.uuid, part.index, part.name, part.memory_total_bytes, Figures.of(used))


def course(samples: Sequence[GpuSample]) -> Course:
    """The figures one after the other."""
    return Course(
        [sample.utilization_percent for sample in samples],
        [sample.memory_used_bytes for sample in samples],
    )


def _throttled(samples: Sequence[GpuSample]) -> dict[str, float] | None:
    told = [sample.throttle for sample in samples if sample.throttle is not None]
    if not told:
        return None
    counts = Counter(reason for reasons in told for reason in set(reasons))
    return {reason: round(100 * count / len(told), 1) for reason, count in sorted(counts.items())}
