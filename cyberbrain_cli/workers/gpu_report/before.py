"""What the last run's report means for this one: which GPUs are gone, and what is settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from cyberbrain_cli.core.records import GpuFacts, unnamed
from cyberbrain_cli.workers.gpu_report.model import Gpu, GpuReport, Missing
from cyberbrain_cli.workers.gpu_report.params import Rule


def recognised(facts: Iterable[GpuFacts], earlier: GpuReport | None) -> tuple[GpuFacts, ...]:
    """The GPUs, where one that cannot tell its UUID any more is the one that had its number."""
    cards = tuple(facts)
    here = {card.uuid for card in cards}
    known = {(one.vendor, one.index): one for one in _seen(earlier) if one.uuid not in here}
    return tuple(
        replace(card, uuid=before.uuid, name=before.name)
        if card.lost and _is_unnamed(card) and (before := known.get((card.vendor, card.index)))
        else card
        for card in cards
    )


def missing(
    gpus: Iterable[Gpu], earlier: GpuReport | None, now: datetime, days: float
) -> tuple[Missing, ...]:
    """The GPUs of earlier runs that no driver shows, as long as they are worth telling."""
    cards = tuple(gpus)
    here = {card.uuid for card in cards}
    numbers = {(card.vendor, card.index) for card in cards}
    return tuple(
        one
        for one in _seen(earlier)
        if one.uuid not in here
        and not (_is_unnamed(one) and (one.vendor, one.index) in numbers)
        and now - one.last_seen <= timedelta(days=days)
    )


def settled(
    report: GpuReport, earlier: GpuReport | None, *, owners_known: bool
) -> Iterator[tuple[Rule, str]]:
    """Rules and GPUs (or parts) where, if nothing was found now, there is nothing any more.

    What could not be looked at this time is not among them.
    """
    before = {gpu.uuid: gpu for gpu in earlier.gpus} if earlier else {}
    for gpu in report.gpus:
        if gpu.lost:
            continue
        parts = {part.uuid for one in (gpu, before.get(gpu.uuid)) if one for part in one.instances}
        for rule in _looked_at(gpu, owners_known=owners_known):
            yield from ((rule, uuid) for uuid in (gpu.uuid, *sorted(parts)))
    still = {one.uuid for one in report.missing} | {gpu.uuid for gpu in report.gpus}
    yield from (("gone", one.uuid) for one in _seen(earlier) if one.uuid not in still)


def _looked_at(gpu: Gpu, *, owners_known: bool) -> Iterator[Rule]:
    """The rules whose figures are known."""
    seen = gpu.measured
    known: dict[Rule, bool] = {
        "gone": True,
        "busy": seen.utilization_percent is not None,
        "memory": seen.memory_used_bytes is not None,
        "hot": seen.temperature_celsius is not None,
        "throttled": seen.throttled is not None,
        "power_cap": seen.throttled is not None or seen.power_watts is not None,
        "ecc": gpu.ecc.uncorrected_volatile is not None or gpu.ecc.corrected_volatile is not None,
        "xid": gpu.xids is not None,
        "idle": seen.utilization_percent is not None and owners_known,
        "crowded": seen.memory_used_bytes is not None and owners_known,
    }
    return (rule for rule, is_known in known.items() if is_known)


def _seen(earlier: GpuReport | None) -> tuple[Missing, ...]:
    """Every GPU that the last run knew of, by when it was last seen."""
    if earlier is None:
        return ()
    then = earlier.created_at
    own = (Missing(gpu.uuid, gpu.index, gpu.vendor, gpu.name, then) for gpu in earlier.gpus)
    return (*own, *earlier.missing)


def _is_unnamed(one: GpuFacts | Missing) -> bool:
    return one.uuid == unnamed(one.vendor, one.index)
