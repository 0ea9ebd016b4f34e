"""Where boxes and arrows go: layers from those who call to those who are called."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from cyberbrain_cli.workers.service_map.drawing import Box, Drawing

Point = tuple[float, float]
BETWEEN_LAYERS = 88
BETWEEN_BOXES = 34
MOST_ARROWS = 220
"""Finding good places for more takes minutes; the first of them decide, the rest are drawn."""
_PASSES = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A box: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> Point:
        """Its middle."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Places by box id, the way of each arrow between middles of boxes, and the whole size."""

    places: dict[str, Place]
    ways: dict[tuple[str, str], tuple[Point, ...]]
    width: float
    height: float


class _View:
    """What the library wants to know of a box, and where it puts its middle."""

    def __init__(self, width: float, height: float) -> None:
        self.w, self.h = width, height
        self.xy: Point = (0.0, 0.0)


def lay_out(drawing: Drawing, sizes: dict[str, Point], margin: float) -> Layout:
    """Find a place for everything. `sizes` are widths and heights by box id."""
    # Loaded at the first drawing: no other command needs it.
    graphs, layouts = import_module("grandalf.graphs"), import_module("grandalf.layouts")
    routing = import_module("grandalf.routing")
    vertices = {box.id: graphs.Vertex(box.id) for box in drawing.boxes}
    for name, vertex in vertices.items():
        vertex.view = _View(*sizes[name])
    pairs = dict.fromkeys(
        (arrow.source, arrow.target)
        for arrow in sorted(drawing.arrows, key=lambda arrow: not arrow.directed)
        if arrow.source != arrow.target
    )
    edges: list[Any] = []
    for source, target in list(pairs)[:MOST_ARROWS]:
        if (target, source) not in {(edge.v[0].data, edge.v[1].data) for edge in edges}:
            edge = graphs.Edge(vertices[source], vertices[target])
            edge.view = routing.EdgeViewer()
            edges.append(edge)
    graph = graphs.Graph(list(vertices.values()), edges)
    for component in graph.C:
        sugiyama = layouts.SugiyamaLayout(component)
        sugiyama.xspace, sugiyama.yspace = BETWEEN_BOXES, BETWEEN_LAYERS
        sugiyama.route_edge = routing.route_with_lines
        sugiyama.init_all()
        sugiyama.draw(_PASSES)
    return _assembled(graph.C, drawing.boxes, vertices, edges, margin)


def _assembled(
    components: Any, boxes: tuple[Box, ...], vertices: dict[str, Any], edges: Any, margin: float
) -> Layout:
    """The components side by side, the large ones first, those of one box in rows at the end."""
    places: dict[str, Place] = {}
    ways: dict[tuple[str, str], tuple[Point, ...]] = {}
    right, bottom = margin, margin
    lonely: list[str] = []
    order = {box.id: number for number, box in enumerate(boxes)}
    for component in sorted(components, key=lambda part: -len(list(part.sV))):
        members = [vertex.data for vertex in component.sV]
        if len(members) == 1:
            lonely += members
            continue
        left = min(vertices[name].view.xy[0] - vertices[name].view.w / 2 for name in members)
        left = min([left, *(x for edge in component.sE for x, _ in _bends(edge))])
        top = min(vertices[name].view.xy[1] - vertices[name].view.h / 2 for name in members)
        shift = (right - left, margin - top)
        for name in members:
            places[name] = _place(vertices[name].view, shift)
        for edge in edges:
            if edge.v[0].data in members:
                ends = (edge.v[0].data, edge.v[1].data)
                ways[ends] = tuple((x + shift[0], y + shift[1]) for x, y in _bends(edge))
                right = max([right, *(x for x, _ in ways[ends])])
        right = max(right, *(places[name].x + places[name].width for name in members))
        right += BETWEEN_BOXES * 2
        bottom = max(bottom, *(places[name].y + places[name].height for name in members))
    lonely.sort(key=order.__getitem__)
    return _with_lonely(lonely, vertices, places, ways, max(right, 900.0), bottom, margin)


def _with_lonely(
    lonely: list[str],
    vertices: dict[str, Any],
    places: dict[str, Place],
    ways: dict[tuple[str, str], tuple[Point, ...]],
    right: float,
    bottom: float,
    margin: float,
) -> Layout:
    """Those who have to do with nobody, in rows below the others."""
    x, y, tallest = margin, bottom + (BETWEEN_BOXES if places else 0), 0.0
    for name in lonely:
        view = vertices[name].view
        if x > margin and x + view.w > right:
            x, y, tallest = margin, y + tallest + BETWEEN_BOXES, 0.0
        places[name] = Place(x, y, view.w, view.h)
        x += view.w + BETWEEN_BOXES
        tallest = max(tallest, view.h)
    width = max((place.x + place.width for place in places.values()), default=0.0)
    height = max((place.y + place.height for place in places.values()), default=0.0)
    beyond = max((x for way in ways.values() for x, _ in way), default=0.0)
    return Layout(places, ways, max(width, beyond) + margin, height + margin)


def _bends(edge: Any) -> tuple[Point, ...]:
    """Where the way of an edge bends."""
    return tuple((getattr(edge.view, "_pts", None) or ())[1:-1])


def _place(view: Any, shift: Point) -> Place:
    x, y = view.xy
    return Place(x - view.w / 2 + shift[0], y - view.h / 2 + shift[1], view.w, view.h)
