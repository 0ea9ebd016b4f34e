"""Text that a job shows as it is: trees, tables, sparklines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Panel:
    """A block of lines under a title, shown in a fixed-width font and never wrapped.

    A worker puts its panels into its analysis under the key `panels`, and into its report.
    """

    title: str
    lines: tuple[str, ...]
