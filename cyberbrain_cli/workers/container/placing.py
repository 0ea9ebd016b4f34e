"""Which GPUs a container is given."""

from __future__ import annotations

from dataclasses import dataclass

from cyberbrain_cli.core.errors import RunFailed
from cyberbrain_cli.core.ports import Gpus
from cyberbrain_cli.core.records import GpuFacts, GpuSample
from cyberbrain_cli.workers.container.params import Resources


@dataclass(frozen=True, slots=True)
class Placement:
    """The UUIDs of the GPUs; `degraded` says why there are none where some were wanted."""

    gpus: tuple[str, ...] = ()
    degraded: str | None = None


def place(wanted: Resources, gpus: Gpus) -> Placement:
    """Choose the GPUs with the most free memory and the least load.

    What counts is the free memory times the share of time in which the GPU does nothing.
    Raises RunFailed when not enough of them are free and the job cannot do without.
    """
    number = 1 if wanted.gpus == "auto" else wanted.gpus
    if not number:
        return Placement()
    with gpus.watch() as watch:
        cards, notes = watch.facts(), watch.notes
        samples = {sample.uuid: sample for sample in watch.sample()}
    found = [
        (_room(card, samples.get(card.uuid)), card.uuid)
        for card in cards
        if card.vendor.lower() == "nvidia" and not card.mig
    ]
    fitting = sorted(
        (-idle, uuid) for (free, idle), uuid in found if free > 0 and free >= wanted.gpu_memory
    )
    if len(fitting) >= number:
        return Placement(tuple(uuid for _, uuid in fitting[:number]))
    why = _why(number, len(fitting), int(wanted.gpu_memory), " ".join(notes))
    if wanted.gpu_optional:
        return Placement(degraded=f"{why} The container runs without.")
    raise RunFailed(why, "Free one, ask for less, or say `gpu_optional: true`.")


def _room(card: GpuFacts, sample: GpuSample | None) -> tuple[int, float]:
    """The free bytes, and the same times the share that is idle; nothing known counts as free."""
    total = card.memory_total_bytes or 0
    used = (sample.memory_used_bytes if sample else None) or 0
    load = (sample.utilization_percent if sample else None) or 0.0
    free = max(0, total - used)
    return free, free * (1 - min(load, 100.0) / 100)


def _why(number: int, fitting: int, memory: int, notes: str) -> str:
    asked = f" with {memory / 1024**3:.1f} GiB of free memory" if memory else ""
    gpus = "1 GPU" if number == 1 else f"{number} GPUs"
    return f"{gpus}{asked} asked for, {fitting} free. {notes}".rstrip()
