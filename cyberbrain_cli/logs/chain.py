"""Across containers: whose trouble explains whose, told as one chain with the root first.

One container explains another when its trouble began earlier and the other's lines name it, or
Compose says that the other depends on it. Nothing here changes a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.incidents import Chain, Link
from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.core.timestamps import NANOSECONDS
from cyberbrain_cli.logs.chain_text import told
from cyberbrain_cli.logs.mentions import Mention
from cyberbrain_cli.logs.reach import Directory

SLACK_NS = NANOSECONDS // 2
"""An effect may be logged so much before its cause."""
FOLLOWS_NS = 300 * NANOSECONDS
"""An effect begins at the latest so long after the last event of its cause."""
DEPENDS_NS = 600 * NANOSECONDS
"""An effect that names nobody begins at the latest so long after its cause began."""


@dataclass(frozen=True, slots=True)
class Point:
    """A finding by rule as far as chains are concerned. `mentions` come from unredacted lines."""

    finding: str
    severity: Severity
    title: str
    count: int
    first: int
    last: int
    mentions: frozenset[Mention] = frozenset()
    network: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one container, by rule."""

    container: ContainerInfo
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class _Edge:
    """`effect`, a point of the container at `to`, is explained by `cause`, one of that at `by`."""

    by: int
    to: int
    cause: Point
    effect: Point
    because: str
    strength: int

    @property
    def order(self) -> tuple[bool, int, int, int, int, int, int]:
        """The more convincing first: right in time, named, earliest, gravest."""
        late = self.cause.first > self.effect.first
        grave = -self.cause.severity.rank
        return late, self.strength, self.effect.first, grave, self.cause.first, self.by, self.to


def chains(troubles: Sequence[Trouble]) -> tuple[Chain, ...]:
    """The chains among these containers, the earliest root first. Each container is in one."""
    places = sorted(
        (item for item in troubles if item.points), key=lambda item: item.container.name
    )
    parents: dict[int, _Edge] = {}
    for edge in sorted(_edges(places), key=lambda edge: edge.order):
        if edge.to not in parents and edge.to not in _roots(edge.by, parents):
            parents[edge.to] = edge
    parents = _in_order(parents)
    children: dict[int, list[_Edge]] = {}
    for edge in parents.values():
        children.setdefault(edge.by, []).append(edge)
    made = [_chain(root, places, children) for root in sorted(children) if root not in parents]
    return tuple(sorted(made, key=lambda chain: (chain.links[0].first_seen, chain.text)))


def _edges(troubles: Sequence[Trouble]) -> Iterator[_Edge]:
    directory = Directory([item.container for item in troubles])
    for to, trouble in enumerate(troubles):
        for effect in trouble.points:
            meant = directory.meant(effect.mentions, to, network=effect.network)
            for by, words, port in meant:
                cause = _cause(troubles[by], effect, FOLLOWS_NS)
                if cause is not None:
                    said = f"its lines name {words}"
                    yield _Edge(by, to, cause, effect, said, 1 if port else 0)
        for by in directory.services(to):
            yield from _depending(by, to, troubles)


def _depending(by: int, to: int, troubles: Sequence[Trouble]) -> Iterator[_Edge]:
    """Explained by Compose alone: only what is critical explains, and only what comes after it."""
    name = troubles[by].container.name
    for effect in troubles[to].points:
        cause = _cause(troubles[by], effect, FOLLOWS_NS)
        if cause is None or cause.severity is not Severity.CRITICAL:
            continue
        if 0 <= effect.first - cause.first <= DEPENDS_NS:
            yield _Edge(by, to, cause, effect, f"Compose says that it depends on {name}", 2)


def _cause(trouble: Trouble, effect: Point, follows: int) -> Point | None:
    """The gravest point that began before the effect and was not long over by then."""
    fitting = (
        point
        for point in trouble.points
        if point.first - SLACK_NS <= effect.first <= point.last + follows
    )
    return min(fitting, key=lambda item: (-item.severity.rank, item.first), default=None)


def _roots(place: int, parents: dict[int, _Edge]) -> list[int]:
    """The place and all that explain it, up to the root."""
    way = [place]
    while way[-1] in parents:
        way.append(parents[way[-1]].by)
    return way


def _in_order(parents: dict[int, _Edge]) -> dict[int, _Edge]:
    """Without the edges whose cause is told with a point later than their effect."""
    return {
        to: edge
        for to, edge in parents.items()
        if edge.by not in parents
        or parents[edge.by].effect.first - SLACK_NS <= edge.effect.first
    }  # fmt: skip


def _chain(root: int, troubles: Sequence[Trouble], children: dict[int, list[_Edge]]) -> Chain:
    first = min((edge.cause for edge in children[root]), key=lambda point: point.first)
    links = [_link(troubles[root].container, first)]
    waiting = list(children[root])
    while waiting:
        edge = min(waiting, key=lambda item: (item.effect.first, item.to))
        waiting.remove(edge)
        name = troubles[edge.by].container.name
        links.append(_link(troubles[edge.to].container, edge.effect, name, edge.because))
        waiting += children.get(edge.to, ())
    return Chain(told(links), tuple(links))


def _link(
    container: ContainerInfo, point: Point, cause: str | None = None, because: str | None = None
) -> Link:
    return Link(
        container.name, point.finding, point.title, point.count, point.first, cause, because
    )
