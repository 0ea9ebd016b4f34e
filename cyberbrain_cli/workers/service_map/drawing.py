"""A map as boxes and arrows: what Mermaid, DOT, SVG and the tree have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cyberbrain_cli.core.service_map import SEEN, Container, Edge, Node, ServiceMap
from cyberbrain_cli.workers.service_map.dependence import is_down

MOST_BOXES = 100
"""A drawing of more is of no use; containers with the fewest relations are left out."""
NOTHING = "No container is both on this host and on the allowlist."
_WIDEST = 36
_DRAWN = frozenset({"connection", "unix_socket", "reference", "depends_on", "namespace"})
_WORDS = {
    "connection": "TCP",
    "unix_socket": "Unix socket",
    "reference": "configured",
    "depends_on": "depends on",
    "namespace": "shares network of",
    "volume": "shared volume",
}


@dataclass(frozen=True, slots=True)
class Box:
    """A node: `tone` is good, bad, off, unlisted or outside. Texts are on one line and visible.

    `project` is its own Compose project, `near` the project in whose part of a drawing it goes.
    """

    id: str
    lines: tuple[str, ...]
    tone: str
    project: str = ""
    near: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """All that leads from one box to another. `seen` tells what is open from what is declared."""

    source: str
    target: str
    words: tuple[str, ...]
    seen: bool
    directed: bool = True

    @property
    def label(self) -> str:
        """Its words on one line."""
        return ", ".join(self.words)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What to draw, and how many nodes were left out."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    left_out: int = 0


def draw(found: ServiceMap) -> Drawing:
    """The map without shared networks, which the boxes name, and without unrelated strangers."""
    arrows = _arrows(found.edges)
    related: dict[str, int] = defaultdict(int)
    for arrow in arrows:
        related[arrow.source] += 1
        related[arrow.target] += 1
    wanted = [node for node in found.nodes if node.kind == "container" or related[node.id]]
    kept = sorted(wanted, key=lambda node: (-related[node.id], node.id))[:MOST_BOXES]
    ids = {node.id for node in kept}
    nodes = {node.id: node for node in found.nodes}
    missed = {edge.target for edge in found.edges if is_down(nodes[edge.target], edge)}
    boxes = tuple(_box(node, missed) for node in wanted if node.id in ids)
    inside = tuple(arrow for arrow in arrows if arrow.source in ids and arrow.target in ids)
    return Drawing(boxes, inside, len(found.nodes) - len(boxes))


def visible(text: str) -> str:
    """The text on one line, each character that could not be seen shown as a dot."""
    return "".join(character if character.isprintable() else "·" for character in text)


def shortened(text: str, most: int = _WIDEST) -> str:
    """Its middle left out where it is too long."""
    plain = visible(text)
    if len(plain) <= most:
        return plain
    head = (most - 1) // 2
    return f"{plain[:head]}…{plain[head + 1 - most :]}"


def condition(node: Node) -> str:
    """Its state, and its health if that is not of a time when it still ran."""
    item = node.container
    health = f", {item.health}" if item and item.health and node.state == "running" else ""
    return visible(f"{node.state}{health}")


def ports_of(item: Container) -> tuple[str, ...]:
    """The ports of the host that lead to it; `*` stands for all of its addresses, old and new."""
    told = dict.fromkeys(map(str, item.ports))
    for port in list(told):
        other = port.replace("0.0.0.0:", "[::]:", 1)
        if port.startswith("0.0.0.0:") and other in told:
            told = dict.fromkeys("*" + port[7:] if name == port else name for name in told)
            del told[other]
    return tuple(told)


def _box(node: Node, missed: Collection[str]) -> Box:
    item = node.container
    if item is None:
        tone = "unlisted" if node.kind == "unlisted" else "outside"
        said = {"unlisted": f"not on the allowlist, {node.state}", "host": "this machine"}
        told = (shortened(node.name), said.get(node.kind, ""))
        return Box(node.id, tuple(line for line in told if line), tone)
    healthy = node.state == "running" and item.health != "unhealthy"
    resting = node.state in ("exited", "created") and not item.exit_code
    lines = (
        shortened(node.name),
        shortened(item.image),
        condition(node),
        *(shortened(port) for port in ports_of(item)[:3]),
    )
    tone = "good" if healthy else "off" if resting and node.id not in missed else "bad"
    return Box(node.id, lines, tone, visible(item.compose_project or ""))


def _arrows(edges: Sequence[Edge]) -> list[Arrow]:
    """All of a pair in one direction is one arrow; a shared volume is a line if there is none."""
    together: dict[tuple[str, str, bool], list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.kind in _DRAWN:
            together[edge.source, edge.target, True].append(edge)
    for edge in edges:
        if edge.kind == "volume":
            there, back = (edge.source, edge.target, True), (edge.target, edge.source, True)
            way = there if there in together else back
            together[way if way in together else (*there[:2], False)].append(edge)
    return [
        Arrow(
            source,
            target,
            _words(group),
            seen=any(edge.kind in SEEN for edge in group),
            directed=directed,
        )
        for (source, target, directed), group in together.items()
    ]


def _words(edges: list[Edge]) -> tuple[str, ...]:
    """Each kind with its ports: TCP 5432, configured, depends on."""
    order = list(_WORDS)
    parts = []
    for edge in sorted(edges, key=lambda edge: order.index(edge.kind)):
        ports = ", ".join(str(port) for port in edge.ports[:3]) if edge.kind in SEEN else ""
        more = ", …" if ports and len(edge.ports) > 3 else ""
        parts.append(f"{_WORDS[edge.kind]} {ports}{more}".strip())
    return tuple(dict.fromkeys(parts))
