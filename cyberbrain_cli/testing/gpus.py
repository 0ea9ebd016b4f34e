"""GPUs in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from cyberbrain_cli.core.records import GpuFacts, GpuSample


@dataclass
class FakeGpus:
    """GPUs in memory; implements `core.ports.Gpus`, and is what it gives to look at.

    `samples` are given one after the other, and the last one from then on. `told` are the notes.
    """

    cards: tuple[GpuFacts, ...] = ()
    samples: Sequence[tuple[GpuSample, ...]] = ()
    errors: Mapping[str, tuple[int, ...] | None] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    _round: int = 0

    @contextmanager
    def watch(self) -> Iterator[FakeGpus]:
        """Begin with the first sample."""
        self._round = 0
        yield self

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes."""
        return self.told

    def facts(self) -> tuple[GpuFacts, ...]:
        """The GPUs."""
        return self.cards

    def sample(self) -> tuple[GpuSample, ...]:
        """The next sample."""
        if not self.samples:
            return ()
        found = self.samples[min(self._round, len(self.samples) - 1)]
        self._round += 1
        return found

    def xids(self) -> Mapping[str, tuple[int, ...] | None]:
        """The errors."""
        return self.errors
