"""What changed between two maps. Pure: `runs diff` and the drift findings say the same."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.core.service_map import (
    HOST,
    OUTSIDE,
    SEEN,
    Changes,
    Edge,
    EdgeName,
    ImageChange,
    Node,
    PortChange,
    ServiceMap,
)


def diff(before: ServiceMap, after: ServiceMap) -> Changes:
    """What is different in `after`. What one of the two did not look at is no difference.

    Somebody outside and the host are no nodes that come and go; their edges are told.
    """
    old = {node.id: node for node in before.nodes if _stays(node)}
    new = {node.id: node for node in after.nodes if _stays(node)}
    return Changes(
        nodes_added=tuple(sorted(new.keys() - old.keys())),
        nodes_removed=tuple(sorted(old.keys() - new.keys())),
        edges_added=tuple(_beyond(after, before)),
        edges_removed=tuple(_beyond(before, after)),
        images=tuple(_images(old, new)),
        ports=tuple(_ports(old, new)),
    )


def _stays(node: Node) -> bool:
    return node.kind not in (HOST, OUTSIDE)


def _beyond(one: ServiceMap, other: ServiceMap) -> Iterator[EdgeName]:
    """The edges of one map that are not in the other, although it would have seen them."""
    known = {_key(edge) for edge in other.edges}
    there = {node.id for node in other.nodes if _stays(node)}
    looked = {node.id for node in other.nodes if node.container and node.container.connections_read}
    for edge in one.edges:
        ends = {edge.source, edge.target}
        blind = edge.kind in SEEN and ends & there and not ends & looked
        if _key(edge) not in known and not blind:
            yield _key(edge)


def _key(edge: Edge) -> EdgeName:
    return EdgeName(edge.source, edge.target, edge.kind)


def _images(old: dict[str, Node], new: dict[str, Node]) -> Iterator[ImageChange]:
    for name, node in sorted(new.items()):
        before = old.get(name)
        if before is None or before.container is None or node.container is None:
            continue
        if before.container.image_id != node.container.image_id:
            yield ImageChange(name, before.container.image_id, node.container.image_id)


def _ports(old: dict[str, Node], new: dict[str, Node]) -> Iterator[PortChange]:
    for name, node in sorted(new.items()):
        before = old.get(name)
        if before is None or before.container is None or node.container is None:
            continue
        was = {str(port) for port in before.container.ports}
        now = {str(port) for port in node.container.ports}
        if was != now:
            yield PortChange(name, tuple(sorted(now - was)), tuple(sorted(was - now)))
