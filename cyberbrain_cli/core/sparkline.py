"""Figures over time in one line of text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(
    values: Sequence[float | None], width: int = 0, low: float = 0.0, high: float | None = None
) -> str:
    """A bar for each value between `low` and `high` (the highest, if not given).

    Unknown values are gaps. Where there are more than `width` values (0: any number is right),
    each bar is the highest of its share, so that a short peak stays visible.
    """
    if width and len(values) > width:
        edges = [index * len(values) // width for index in range(width + 1)]
        values = [_highest(values[a:b]) for a, b in pairwise(edges)]
    top = high if high is not None else (_highest(values) or 0.0)
    return "".join(" " if value is None else _bar(value, low, top) for value in values)


def _highest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _bar(value: float, low: float, top: float) -> str:
    if top <= low:
        return _BARS[0]
    share = (min(max(value, low), top) - low) / (top - low)
    return _BARS[min(int(share * len(_BARS)), len(_BARS) - 1)]
