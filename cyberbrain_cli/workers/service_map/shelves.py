"""Where the parts of a drawing go: side by side, in rows, each with its name above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from cyberbrain_cli.workers.service_map.drawing import Drawing
from cyberbrain_cli.workers.service_map.layout import Layout, Place, Point, lay_out
from cyberbrain_cli.workers.service_map.projects import parts_of

_PADDING = 20
_HEADING = 22
_BETWEEN = 30
_WIDE = 1.7
"""How much wider than high the whole is to be, about."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of a Compose project, and its name."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Shelves:
    """Frames, and where all else goes."""

    frames: tuple[Frame, ...]
    layout: Layout


def arranged(drawing: Drawing, sizes: Mapping[str, Point], margin: float) -> Shelves:
    """A place for everything. `sizes` are widths and heights by box id."""
    parts = [(name, lay_out(part, dict(sizes), _PADDING)) for name, part in parts_of(drawing)]
    area = sum(layout.width * layout.height for _, layout in parts)
    widest = max([sqrt(area * _WIDE), *(layout.width for _, layout in parts)])
    frames: list[Frame] = []
    places: dict[str, Place] = {}
    ways: dict[tuple[str, str], tuple[Point, ...]] = {}
    x, y, tallest = margin, margin, 0.0
    for name, layout in sorted(parts, key=lambda part: (-part[1].height, part[0])):
        heading = _HEADING if name else 0
        if x > margin and x + layout.width > margin + widest:
            x, y, tallest = margin, y + tallest + _BETWEEN, 0.0
        for box, place in layout.places.items():
            places[box] = Place(place.x + x, place.y + y + heading, place.width, place.height)
        for ends, points in layout.ways.items():
            ways[ends] = tuple((left + x, top + y + heading) for left, top in points)
        frame = Place(x, y, layout.width, layout.height + heading)
        frames += [Frame(name, frame)] if name else []
        x, tallest = x + frame.width + _BETWEEN, max(tallest, frame.height)
    right = max(
        (place.x + place.width for place in (*places.values(), *_places(frames))), default=0
    )
    bottom = max(
        (place.y + place.height for place in (*places.values(), *_places(frames))), default=0
    )
    return Shelves(tuple(frames), Layout(places, ways, right + margin, bottom + margin))


def _places(frames: list[Frame]) -> list[Place]:
    return [frame.place for frame in frames]
