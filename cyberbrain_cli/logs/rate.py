"""How often something happened over time, in a few buckets however long the time is."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.core.timestamps import NANOSECONDS

FINEST_NS = 10 * NANOSECONDS
MOST_BUCKETS = 64


class Rate:
    """Counts by bucket of time. Buckets double in width when there would be too many."""

    __slots__ = ("_buckets", "width_ns")

    def __init__(self) -> None:
        self.width_ns = FINEST_NS
        self._buckets: dict[int, int] = {}

    def add(self, time_ns: int, count: int = 1) -> None:
        """Count events of one time."""
        buckets, index = self._buckets, time_ns // self.width_ns
        if index in buckets:
            buckets[index] += count
            return
        buckets[index] = count
        if len(buckets) > MOST_BUCKETS:
            self._coarsen()

    def take_in(self, other: Rate) -> None:
        """Count what another counted."""
        while self.width_ns < other.width_ns:
            self._coarsen()
        for start, count in other.buckets():
            self.add(start, count)

    def _coarsen(self) -> None:
        merged: dict[int, int] = {}
        self.width_ns *= 2
        for index, count in self._buckets.items():
            merged[index // 2] = merged.get(index // 2, 0) + count
        self._buckets = merged
        if len(merged) > MOST_BUCKETS:
            self._coarsen()

    def buckets(self) -> Iterator[tuple[int, int]]:
        """Start time and count of every bucket that is not empty, in order of time."""
        return ((index * self.width_ns, count) for index, count in sorted(self._buckets.items()))

    def busiest(self) -> tuple[int, int]:
        """Start time and count of the busiest bucket, the earliest of several; (0, 0) if empty."""
        return max(self.buckets(), key=lambda bucket: bucket[1], default=(0, 0))
