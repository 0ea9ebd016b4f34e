"""A map as boxes and arrows: what Mermaid, DOT, SVG and the tree have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from cyberbrain_cli.core.service_map import SEEN, UNDIRECTED, Edge, Node, ServiceMap

MOST_BOXES = 100
"""A drawing of more is of no use; containers with the fewest relations are left out."""
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
    """A node: `tone` is good, bad, off, unlisted or outside. Texts are on one line and visible."""

    id: str
    lines: tuple[str, ...]
    tone: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """All that leads from one box to another. `seen` tells what is open from what is declared."""

    source: str
    target: str
    label: str
    seen: bool
    directed: bool = True


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
    boxes = tuple(_box(node) for node in wanted if node.id in ids)
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


def _box(node: Node) -> Box:
    item = node.container
    if item is None:
        tone = "unlisted" if node.kind == "unlisted" else "outside"
        said = {"unlisted": f"not on the allowlist, {node.state}", "host": "this machine"}
        told = (shortened(node.name), said.get(node.kind, ""))
        return Box(node.id, tuple(line for line in told if line), tone)
    healthy = node.state == "running" and item.health != "unhealthy"
    ended_well = node.state in ("exited", "created") and not item.exit_code
    state = f"{node.state}, {item.health}" if item.health else str(node.state)
    lines = (
        shortened(node.name),
        shortened(item.image),
        visible(state),
        *(shortened(str(port)) for port in item.ports[:3]),
    )
    tone = "good" if healthy else "off" if ended_well else "bad"
    return Box(node.id, lines, tone, visible(item.compose_project or ""))


def _arrows(edges: Iterable[Edge]) -> list[Arrow]:
    together: dict[tuple[str, str, bool], list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.kind in _DRAWN or edge.kind == "volume":
            together[edge.source, edge.target, edge.kind not in UNDIRECTED].append(edge)
    return [
        Arrow(
            source,
            target,
            _label(group),
            seen=any(edge.kind in SEEN for edge in group),
            directed=directed,
        )
        for (source, target, directed), group in together.items()
    ]


def _label(edges: list[Edge]) -> str:
    """Each kind with its ports: TCP 5432, configured, depends on."""
    order = list(_WORDS)
    parts = []
    for edge in sorted(edges, key=lambda edge: order.index(edge.kind)):
        ports = ", ".join(str(port) for port in edge.ports[:3]) if edge.kind in SEEN else ""
        more = ", …" if ports and len(edge.ports) > 3 else ""
        parts.append(f"{_WORDS[edge.kind]} {ports}{more}".strip())
    return ", ".join(parts)
