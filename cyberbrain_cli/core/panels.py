"""What a job shows besides findings: text as it is, and how much happened when."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyberbrain_cli.core.timestamps import LogTime


@dataclass(frozen=True, slots=True)
class Panel:
    """A block of lines under a title, shown in a fixed-width font and never wrapped.

    A worker puts its panels into its analysis under the key `panels`, and into its report.
    """

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a title, for a document. A worker puts its tables into its report."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """How many events a container's log had over time, in spans of equal length.

    The spans begin at `start` and end at `end`. `findings` has the same for the events behind
    each finding, by the finding's id. A worker puts its timelines into its analysis under the key
    `timelines`.
    """

    container: str
    start: LogTime
    end: LogTime
    counts: tuple[int, ...]
    findings: dict[str, tuple[int, ...]] = field(default_factory=dict)
