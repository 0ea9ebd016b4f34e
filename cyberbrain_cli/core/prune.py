"""Letting old runs go: what is asked, and what came of it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Retention:
    """Which runs may go: those created before a time that are not among a directive's newest.

    None means that the condition is not asked; without any nothing may go.
    """

    before: datetime | None = None
    keep_last: int | None = None


@dataclass(frozen=True, slots=True)
class OldRun:
    """A run that may go, with how many artifacts it has and their size."""

    id: int
    artifacts: int
    size_bytes: int


@dataclass(slots=True)
class Pruned:
    """What went, or would go: the runs' ids in that order, and all their artifacts together.

    `left` are sentences about runs whose files could not be removed. There may be a million
    runs: an id takes eight bytes.
    """

    run_ids: array[int] = field(default_factory=lambda: array("q"))
    artifacts: int = 0
    size_bytes: int = 0
    left: list[str] = field(default_factory=list)

    def add(self, runs: Sequence[OldRun]) -> None:
        """These went, or would go, too."""
        self.run_ids.extend(run.id for run in runs)
        self.artifacts += sum(run.artifacts for run in runs)
        self.size_bytes += sum(run.size_bytes for run in runs)


class Pruning(Protocol):
    """The records, as far as old runs leave them.

    A run goes in steps: it is marked, and from then on shown to nobody; its files go; its rows
    go. Whatever ends the program in between, the marked ones can be found and finished.
    """

    def candidates(self, wanted: Retention) -> Iterator[int]:
        """Ended runs that may go, the oldest first. Never one that another run goes by."""
        ...

    def sized(self, run_ids: Sequence[int]) -> list[OldRun]:
        """These runs with their artifacts, the oldest first."""
        ...

    def marked(self, beyond: int, count: int) -> list[OldRun]:
        """The first so many runs with a higher id that an earlier pruning did not finish."""
        ...

    def mark(self, run_ids: Sequence[int]) -> list[OldRun]:
        """Show these runs to nobody any more; those of them that can go by now."""
        ...

    def remove(self, run_ids: Sequence[int]) -> None:
        """Remove the rows of marked runs; the ledger's sums and the counters stay."""
        ...
