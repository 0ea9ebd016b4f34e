"""Letting old runs go: what is asked, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go. `left` are sentences about runs whose files could not be removed."""

    runs: tuple[OldRun, ...]
    left: tuple[str, ...] = ()


class Pruning(Protocol):
    """The records, as far as old runs leave them.

    A run goes in steps: it is marked, and from then on shown to nobody; its files go; its rows
    go. Whatever ends the program in between, the marked ones can be found and finished.
    """

    def candidates(self, wanted: Retention) -> list[OldRun]:
        """Ended runs that may go, the oldest first. Never one that the next launch goes by."""
        ...

    def marked(self) -> list[OldRun]:
        """Runs that an earlier pruning did not finish."""
        ...

    def mark(self, run_ids: Sequence[int]) -> None:
        """Show these runs to nobody any more."""
        ...

    def remove(self, run_ids: Sequence[int]) -> None:
        """Remove the rows of marked runs; the ledger's sums and the counters stay."""
        ...
