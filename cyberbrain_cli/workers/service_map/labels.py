"""Where the words of arrows go: on their way, off the boxes and off each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist

from cyberbrain_cli.workers.service_map.drawing import Arrow
from cyberbrain_cli.workers.service_map.layout import Place, Point

LINE = 12
_LETTER = 5.8
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)


@dataclass(frozen=True, slots=True)
class Label:
    """Words, one a line, and where they stand."""

    words: tuple[str, ...]
    place: Place


def placed(
    ways: Mapping[Arrow, Sequence[Point]], boxes: Sequence[Place], margin: float
) -> list[Label]:
    """A place for the words of each arrow: the freest of some along its way."""
    found: list[Label] = []
    taken = list(boxes)
    for arrow, points in ways.items():
        places = list(_places(arrow.words, points, margin))
        best = min(places, key=lambda place: sum(_common(place, other) for other in taken))
        taken.append(best)
        found.append(Label(arrow.words, best))
    return found


def _places(words: tuple[str, ...], points: Sequence[Point], margin: float) -> Iterator[Place]:
    width = max(map(len, words)) * _LETTER + 8
    height = len(words) * LINE + 3
    for part in _ALONG:
        x, y = _at(points, part)
        yield Place(max(margin / 2, x - width / 2), y - height / 2, width, height)


def _at(points: Sequence[Point], part: float) -> Point:
    """The point of a way after a part of its length."""
    left = part * sum(dist(one, other) for one, other in pairwise(points))
    for one, other in pairwise(points):
        length = dist(one, other)
        if left <= length and length:
            share = left / length
            return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share
        left -= length
    return points[-1]


def _common(one: Place, other: Place) -> float:
    """How much two places overlap."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(0.0, width) * max(0.0, height)
