"""A map as a tree for the terminal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from cyberbrain_cli.core.service_map import Node, ServiceMap
from cyberbrain_cli.workers.service_map.drawing import (
    NOTHING,
    Arrow,
    condition,
    draw,
    ports_of,
    visible,
)

_ALONE = "on their own"
_PORTS = 3


def tree(found: ServiceMap) -> tuple[str, ...]:
    """Lines: projects, their containers, and below each whom it talks to."""
    containers = [node for node in found.nodes if node.kind == "container"]
    if not containers:
        return (NOTHING,)
    drawing = draw(found)
    names = {node.id: visible(node.name) for node in found.nodes}
    outgoing: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in drawing.arrows:
        outgoing[arrow.source].append(arrow)
    lines: list[str] = []
    for project, members in sorted(_projects(containers).items()):
        lines.append(visible(project) if project else _ALONE)
        lines += _branches([_twig(node, outgoing[node.id], names) for node in members])
    others = [node for node in found.nodes if node.kind != "container" and outgoing[node.id]]
    for node in others:
        lines.append(names[node.id])
        lines += _branches([[_arrow(arrow, names)] for arrow in outgoing[node.id]])
    strangers = sum(node.kind == "unlisted" for node in found.nodes)
    if strangers:
        lines.append(f"and {strangers} not on the allowlist")
    return tuple(lines)


def _projects(containers: list[Node]) -> dict[str, list[Node]]:
    projects: dict[str, list[Node]] = defaultdict(list)
    for node in containers:
        projects[(node.container and node.container.compose_project) or ""].append(node)
    return projects


def _twig(node: Node, arrows: list[Arrow], names: dict[str, str]) -> list[str]:
    item = node.container
    parts = [names[node.id]]
    below = [[_arrow(arrow, names)] for arrow in arrows]
    if item is not None:
        parts += [visible(item.image), condition(node)]
        ports = ports_of(item)
        more = f" and {len(ports) - _PORTS} more" if len(ports) > _PORTS else ""
        if len(ports) == 1:
            parts += ports
        elif ports:
            below.insert(0, [f"at {', '.join(ports[:_PORTS])}{more}"])
    return ["  ".join(parts), *_branches(below)]


def _arrow(arrow: Arrow, names: dict[str, str]) -> str:
    line = ("→" if arrow.seen else "⇢") if arrow.directed else "─"
    return f"{line} {names[arrow.target]}  ({arrow.label})"


def _branches(twigs: list[list[str]]) -> Iterator[str]:
    for number, twig in enumerate(twigs):
        last = number == len(twigs) - 1
        for place, line in enumerate(twig):
            if place == 0:
                yield f"{'└─' if last else '├─'} {line}"
            else:
                yield f"{'   ' if last else '│  '}{line}"
