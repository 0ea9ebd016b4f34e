"""A drawing in parts, one for each Compose project: what belongs together stands together."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

from cyberbrain_cli.workers.service_map.drawing import Arrow, Box, Drawing

_Parts = dict[str, str]


def by_project(drawing: Drawing) -> Drawing:
    """The drawing with each box in its part.

    An unlisted container goes where most of those are whom it has to do with. The host and those
    outside are drawn once in each part, since else all lines would meet in them.
    """
    boxes = {box.id: box for box in drawing.boxes}
    parts = _parts(drawing, boxes)
    copies: dict[str, Box] = {}

    def end(name: str, other: str) -> str:
        if name in parts:
            return name
        near = parts.get(other, "")
        copy = replace(boxes[name], id=f"{name} near {near}", near=near)
        copies[copy.id] = copy
        return copy.id

    arrows = tuple(
        replace(
            arrow, source=end(arrow.source, arrow.target), target=end(arrow.target, arrow.source)
        )
        for arrow in drawing.arrows
    )
    placed = (replace(box, near=parts[box.id]) for box in drawing.boxes if box.id in parts)
    return replace(drawing, boxes=(*placed, *copies.values()), arrows=arrows)


def parts_of(drawing: Drawing) -> list[tuple[str, Drawing]]:
    """The parts in the order of their names, each with the arrows within it."""
    found: dict[str, list[Box]] = defaultdict(list)
    for box in drawing.boxes:
        found[box.near].append(box)
    return [(near, _inside(boxes, drawing.arrows)) for near, boxes in sorted(found.items())]


def members(drawing: Drawing) -> list[tuple[str, list[Box]]]:
    """The projects with their own containers, after those of none."""
    found: dict[str, list[Box]] = defaultdict(list)
    for box in drawing.boxes:
        found[box.project].append(box)
    return sorted(found.items())


def _inside(boxes: list[Box], arrows: tuple[Arrow, ...]) -> Drawing:
    ids = {box.id for box in boxes}
    return Drawing(
        tuple(boxes),
        tuple(arrow for arrow in arrows if arrow.source in ids and arrow.target in ids),
    )


def _parts(drawing: Drawing, boxes: dict[str, Box]) -> _Parts:
    """The part of each box that is drawn only once."""
    near: dict[str, Counter[str]] = defaultdict(Counter)
    for arrow in drawing.arrows:
        for one, other in ((arrow.source, arrow.target), (arrow.target, arrow.source)):
            near[one][boxes[other].project] += 1
    parts = {}
    for box in drawing.boxes:
        if box.tone == "unlisted":
            ranked = sorted(near[box.id].items(), key=lambda item: (-item[1], item[0]))
            parts[box.id] = ranked[0][0] if ranked else ""
        elif box.tone != "outside":
            parts[box.id] = box.project
    return parts
