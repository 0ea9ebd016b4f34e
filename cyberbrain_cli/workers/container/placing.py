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
        cards = watch.facts()
        samples = {sample.uuid: sample for sample in watch.sample()}
        notes = watch.notes
    found = [
        (*_room(card, samples[card.uuid]), card.uuid)
        for card in cards
        if card.vendor.lower() == "nvidia" and not card.mig and card.uuid in samples
    ]
    fitting = sorted((-idle, uuid) for free, idle, uuid in found if _fits(free, wanted))
    if len(fitting) >= number:
        return Placement(tuple(uuid for _, uuid in fitting[:number]))
    why = _why(number, len(fitting), int(wanted.gpu_memory), " ".join(notes))
    if wanted.gpu_optional:
        return Placement(degraded=f"{why} The container runs without.")
    raise RunFailed(why, "Free one, ask for less, or say `gpu_optional: true`.")


def _room(card: GpuFacts, sample: GpuSample) -> tuple[int | None, float]:
    """The free bytes, and the same times the share that is idle; None where it does not tell."""
    total, used = card.memory_total_bytes, sample.memory_used_bytes
    if total is None or used is None:
        return None, 0.0
    free = max(0, total - used)
    return free, free * (1 - min(sample.utilization_percent or 0.0, 100.0) / 100)


def _fits(free: int | None, wanted: Resources) -> bool:
    """One that does not tell its memory will do where none was asked for."""
    if free is None:
        return not wanted.gpu_memory
    return free > 0 and free >= wanted.gpu_memory


def _why(number: int, fitting: int, memory: int, notes: str) -> str:
    asked = f" with {memory / 1024**3:.1f} GiB of free memory" if memory else ""
    gpus = "1 GPU" if number == 1 else f"{number} GPUs"
    return f"{gpus}{asked} asked for, {fitting} free. {notes}".rstrip()
