"""Looking at GPUs for a while, and what the samples say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cyberbrain_cli.core.ports import GpuWatch
from cyberbrain_cli.core.records import GpuFacts, GpuSample
from cyberbrain_cli.core.worker import JobContext
from cyberbrain_cli.workers.gpu_report.model import Course, Figures, Measured

PERIOD_SECONDS = 0.2


@dataclass(slots=True)
class Observed:
    """What was seen of the GPUs: facts as they were at the end, or before a GPU was lost."""

    facts: dict[str, GpuFacts] = field(default_factory=dict)
    samples: dict[str, list[GpuSample]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    xids: dict[str, tuple[int, ...] | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rounds: int = 0


def observe(watch: GpuWatch, seconds: float, ctx: JobContext) -> Observed:
    """Look at all GPUs five times a second. Raises Cancelled when the run is to stop."""
    seen = Observed(facts={gpu.uuid: gpu for gpu in watch.facts()})
    begin = ctx.clock.monotonic()
    while seen.facts:
        ctx.check()
        for sample in watch.sample():
            seen.samples.setdefault(sample.uuid, []).append(sample)
        seen.rounds += 1
        due = seen.rounds * PERIOD_SECONDS
        if due >= seconds or ctx.clock.monotonic() - begin >= seconds:
            break
        ctx.clock.wait(max(0.0, due - (ctx.clock.monotonic() - begin)))
    after = {gpu.uuid: gpu for gpu in watch.facts()}
    seen.lost = seen.facts.keys() - after.keys()
    seen.facts |= after
    seen.xids = dict(watch.xids())
    seen.notes = watch.notes
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
