"""A drawing as SVG that needs nothing else: no script, no font, no style from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from cyberbrain_cli.workers.service_map import labels
from cyberbrain_cli.workers.service_map.drawing import (
    NOTHING,
    Arrow,
    Box,
    Drawing,
    shortened,
    visible,
)
from cyberbrain_cli.workers.service_map.labels import Label
from cyberbrain_cli.workers.service_map.layout import Layout, Place, Point
from cyberbrain_cli.workers.service_map.projects import by_project
from cyberbrain_cli.workers.service_map.shelves import Frame, Shelves, arranged

_LETTER = 7.0
_LINE = 17
_PADDING = 12
_MARGIN = 24
_LEGEND = 30
_FONT = "DejaVu Sans, Segoe UI, Helvetica, Arial, sans-serif"
_TONES = {
    "good": ("#e6f4ea", "#188038"),
    "bad": ("#fce8e6", "#d93025"),
    "off": ("#f1f3f4", "#80868b"),
    "unlisted": ("#ffffff", "#80868b"),
    "outside": ("#e8f0fe", "#1a73e8"),
}


def svg(drawing: Drawing, title: str) -> str:
    """The text of an `.svg` file."""
    parted = by_project(drawing)
    shelves = arranged(parted, {box.id: _size(box) for box in parted.boxes}, _MARGIN)
    return "\n".join(_lines(parted, shelves, title)) + "\n"


def _size(box: Box) -> Point:
    widest = max(map(len, box.lines), default=0)
    return max(110.0, widest * _LETTER + 2 * _PADDING), len(box.lines) * _LINE + 2 * _PADDING


def _lines(drawing: Drawing, shelves: Shelves, title: str) -> Iterator[str]:
    layout = shelves.layout
    ways = {arrow: _way(arrow, layout) for arrow in drawing.arrows}
    words = labels.placed(ways, list(layout.places.values()), _MARGIN)
    beyond = max((label.place.x + label.place.width for label in words), default=0.0)
    width, height = max(layout.width, beyond + _MARGIN, 620), layout.height + _LEGEND
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="{_FONT}" font-size="12">'
    )
    yield f"<title>{escape(visible(title))}</title>"
    yield (
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="#3c4043"/></marker></defs>'
    )
    yield f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>'
    for frame in shelves.frames:
        yield from _frame(frame)
    for arrow in drawing.arrows:
        yield _arrow(arrow, ways[arrow])
    for box in drawing.boxes:
        yield from _box(box, layout.places[box.id])
    for label in words:
        yield from _label(label)
    yield from _legend(height - _LEGEND + 12, drawing)
    yield "</svg>"


def _frame(frame: Frame) -> Iterator[str]:
    place = frame.place
    yield (
        f'<rect x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" '
        f'height="{place.height:.1f}" rx="9" fill="none" stroke="#bdc1c6"/>'
    )
    yield (
        f'<text x="{place.x + 12:.1f}" y="{place.y + 20:.1f}" font-size="13" fill="#5f6368">'
        f"{escape(shortened(frame.name))}</text>"
    )


def _way(arrow: Arrow, layout: Layout) -> list[Point]:
    """From the edge of the one box to the edge of the other, by way of the layout's points.

    An arrow whose way back is drawn too goes a little beside it.
    """
    start, end = layout.places[arrow.source], layout.places[arrow.target]
    known, back = (arrow.source, arrow.target), (arrow.target, arrow.source)
    between = list(layout.ways.get(known) or reversed(layout.ways.get(back, ())))
    aside = 0.0 if known in layout.ways else 14.0
    middles = [start.middle, *between, end.middle]
    points = [(x + aside, y + aside) for x, y in middles]
    points[0] = _border(start, points[0], points[1])
    points[-1] = _border(end, points[-1], points[-2])
    return points


def _border(place: Place, inside: Point, outside: Point) -> Point:
    """Where the line from a point in the box to one outside of it leaves the box."""
    dx, dy = outside[0] - inside[0], outside[1] - inside[1]
    reach = 1.0
    if dx:
        edge = place.x + place.width if dx > 0 else place.x
        reach = min(reach, (edge - inside[0]) / dx)
    if dy:
        edge = place.y + place.height if dy > 0 else place.y
        reach = min(reach, (edge - inside[1]) / dy)
    return inside[0] + dx * reach, inside[1] + dy * reach


def _arrow(arrow: Arrow, points: list[Point]) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    tip = ' marker-end="url(#tip)"' if arrow.directed else ""
    dashes = "" if arrow.seen else ' stroke-dasharray="5 4"'
    return (
        f'<polyline points="{path}" fill="none" stroke="#3c4043" stroke-width="1.3"{dashes}{tip}/>'
    )


def _label(label: Label) -> Iterator[str]:
    """The words of an arrow, on a ground that keeps them readable."""
    place = label.place
    yield (
        f'<rect x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" '
        f'height="{place.height:.1f}" rx="3" fill="#ffffff" fill-opacity="0.92"/>'
    )
    for number, word in enumerate(label.words):
        y = place.y + labels.LINE * (number + 1) - 2
        yield (
            f'<text x="{place.middle[0]:.1f}" y="{y:.1f}" font-size="10" fill="#5f6368" '
            f'text-anchor="middle">{escape(word)}</text>'
        )


def _box(box: Box, place: Place) -> Iterator[str]:
    fill, stroke = _TONES[box.tone]
    dashes = ' stroke-dasharray="4 3"' if box.tone == "unlisted" else ""
    yield (
        f'<rect x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" '
        f'height="{place.height:.1f}" rx="7" fill="{fill}" stroke="{stroke}"{dashes}/>'
    )
    for number, line in enumerate(box.lines):
        y = place.y + _PADDING + number * _LINE + 13
        style = 'font-weight="bold" fill="#202124"' if number == 0 else 'fill="#5f6368"'
        yield (
            f'<text x="{place.middle[0]:.1f}" y="{y:.1f}" text-anchor="middle" {style}>'
            f"{escape(line)}</text>"
        )


def _legend(y: float, drawing: Drawing) -> Iterator[str]:
    text = "Solid: seen to talk. Dashed: declared in settings. Red: down or unhealthy."
    text += " Frames: Compose projects, and whom they have to do with."
    if drawing.left_out:
        text += f" {drawing.left_out} more nodes are in service_map.json alone."
    text = text if drawing.boxes else NOTHING
    yield f'<text x="{_MARGIN}" y="{y:.1f}" font-size="11" fill="#5f6368">{escape(text)}</text>'
