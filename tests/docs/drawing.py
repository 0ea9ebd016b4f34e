"""Panels of a Grafana dashboard as SVG, as far as ours has any: figures, lines and areas."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEAD = 1200, 44
_COLUMN, _ROW, _GAP = 50, 34, 6
_PALETTE = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0")
_NAMED = {
    "green": "#73bf69", "yellow": "#f2cc0c", "red": "#f2495c", "blue": "#5794f2",
    "purple": "#b877d9",
}  # fmt: skip
_DAY = 86400
_WHITE, _GREY, _LINE = "#ccccdc", "#8e8e9a", "#2c3235"
Curve = tuple[str, list[tuple[int, float]]]


def bottom_of(panels: Sequence[Mapping[str, Any]]) -> int:
    """How high the picture is."""
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    return int(HEAD + rows * _ROW + 8)


def text(x: float, y: float, words: str, size: int, color: str, anchor: str = "start") -> str:
    """A line of text."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{color}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )


def drawn(panel: Mapping[str, Any], curves: Sequence[Curve], start: int, end: int) -> Iterator[str]:
    """One panel in its place."""
    place = panel["gridPos"]
    x, y = place["x"] * _COLUMN + _GAP, HEAD + place["y"] * _ROW + _GAP
    w, h = place["w"] * _COLUMN - 2 * _GAP, place["h"] * _ROW - 2 * _GAP
    yield f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="3" fill="#181b1f"/>'
    yield text(x + 8, y + 18, panel["title"], 13, _WHITE)
    kind = _figures if panel["type"] == "stat" else _chart
    yield from kind(panel, curves, (x, y, w, h), (start, end))


def _figures(
    panel: Mapping[str, Any], curves: Sequence[Curve], box: tuple[int, ...], _: tuple[int, int]
) -> Iterator[str]:
    x, y, w, h = box
    named = panel["options"]["textMode"] == "value_and_name"
    last = [(name, values[-1][1]) for name, values in curves if values]
    for number, (name, value) in enumerate(last or [("", math.nan)]):
        at = x + w * (number + 0.5) / max(len(last), 1)
        color = _threshold(panel, value)
        yield text(at, y + h / 2 + 22, shown(value, _unit(panel)), 26, color, "middle")
        if named or len(last) > 1:
            yield text(at, y + h / 2 + 42, name, 11, _GREY, "middle")


def _threshold(panel: Mapping[str, Any], value: float) -> str:
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    reached = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
    return _NAMED[reached[-1]]


def _chart(
    panel: Mapping[str, Any],
    curves: Sequence[Curve],
    box: tuple[int, ...],
    span: tuple[int, int],
) -> Iterator[str]:
    x, y, w, h = box
    custom = panel["fieldConfig"]["defaults"]["custom"]
    curves = _stacked(curves) if "stacking" in custom else curves
    finite = [value for _, values in curves for _, value in values if math.isfinite(value)]
    most = _round_up(max(finite, default=1.0) or 1.0, _unit(panel))
    left, right, top, bottom = x + 50, x + w - 12, y + 30, y + h - 52
    yield from _axes(panel, (left, right, top, bottom), most, span)
    at = float(left)
    for number, (name, values) in reversed(list(enumerate(curves))):
        color = _color(panel, name, number)
        points = " ".join(
            f"{left + (when - span[0]) / (span[1] - span[0]) * (right - left):.1f},"
            f"{bottom - value / most * (bottom - top):.1f}"
            for when, value in values
            if math.isfinite(value)
        )
        if points and "fillOpacity" in custom:
            first, last = points.split()[0].split(",")[0], points.split()[-1].split(",")[0]
            yield (
                f'<polygon points="{first},{bottom} {points} {last},{bottom}" fill="{color}" '
                f'fill-opacity="{custom["fillOpacity"] / 100:g}"/>'
            )
        yield f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.3"/>'
    for number, (name, _) in enumerate(curves):
        if at + 14 + 5.6 * len(name) < x + w:
            color = _color(panel, name, number)
            yield f'<rect x="{at:.0f}" y="{y + h - 18}" width="9" height="3" fill="{color}"/>'
            yield text(at + 13, y + h - 13, name, 10, _WHITE)
        at += 26 + 5.6 * len(name)


def _axes(
    panel: Mapping[str, Any], place: tuple[int, ...], most: float, span: tuple[int, int]
) -> Iterator[str]:
    left, right, top, bottom = place
    for share in (0, 0.5, 1):
        level = bottom - share * (bottom - top)
        yield f'<path d="M{left} {level:.0f}H{right}" stroke="{_LINE}"/>'
        yield text(left - 6, level + 4, shown(share * most, _unit(panel)), 10, _GREY, "end")
    every = 1 if right - left > 400 else 2
    for day in range(-(-span[0] // _DAY) * _DAY, span[1], every * _DAY):
        at = left + (day - span[0]) / (span[1] - span[0]) * (right - left)
        name = time.strftime("%m/%d", time.gmtime(day))
        yield f'<path d="M{at:.0f} {top}V{bottom}" stroke="{_LINE}" stroke-opacity="0.6"/>'
        yield text(at, bottom + 15, name, 10, _GREY, "middle")


def _stacked(curves: Sequence[Curve]) -> list[Curve]:
    """Each upon those before it."""
    below: dict[int, float] = {}
    found = []
    for name, values in curves:
        values = [(at, below.get(at, 0.0) + value) for at, value in values]
        below |= dict(values)
        found.append((name, values))
    return found


def _color(panel: Mapping[str, Any], name: str, number: int) -> str:
    for override in panel["fieldConfig"]["overrides"]:
        if re.search(override["matcher"]["options"].strip("/"), name):
            return _NAMED[override["properties"][0]["value"]["fixedColor"]]
    return _PALETTE[number % len(_PALETTE)]


def _unit(panel: Mapping[str, Any]) -> str:
    return str(panel["fieldConfig"]["defaults"]["unit"])


def _round_up(value: float, unit: str) -> float:
    """The next round number."""
    if unit == "s" and value > 60:
        return math.ceil(value / 60) * 60.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(size * step for step in (1, 2, 4, 6, 8, 10) if size * step >= value * 0.999)


def shown(value: float, unit: str) -> str:
    """A figure as Grafana would round it."""
    if math.isnan(value):
        return "No data"
    if unit == "percentunit":
        return f"{value * 100:.0f} %"
    if unit == "s" and value >= 60:
        return f"{value / 60:.3g} min" if value < 7200 else f"{value / 3600:.1f} h"
    for size, letter in ((1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:.3g}{' s' if unit == 's' else ''}"
