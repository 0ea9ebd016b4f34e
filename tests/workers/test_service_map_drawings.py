"""Drawings of a map, whatever its containers are called, and however many there are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from cyberbrain_cli.core.service_map import Container, Edge, Node, Port, ServiceMap
from cyberbrain_cli.workers.service_map.dot import dot
from cyberbrain_cli.workers.service_map.drawing import MOST_BOXES, draw
from cyberbrain_cli.workers.service_map.labels import placed
from cyberbrain_cli.workers.service_map.layout import Place
from cyberbrain_cli.workers.service_map.mermaid import mermaid
from cyberbrain_cli.workers.service_map.projects import by_project
from cyberbrain_cli.workers.service_map.svg import svg
from cyberbrain_cli.workers.service_map.tree import tree

SVG = "{http://www.w3.org/2000/svg}"
TAGS = {
    SVG + name for name in ("svg", "title", "defs", "marker", "path", "rect", "polyline", "text")
}
HOSTILE = (
    '"]; evil [label="x', "<script>alert(1)</script>", "a\nb\r\nc", "\x1b[31mred\x1b[0m",
    "</text><a href='x'>", "n0 --> n1", "end", '"\\', "\\", "#quot;", "`x`|y|{z}", "%%{init: 1}%%",
    "\u202ereversed", "[bold]x[/]", "\x00\x07", "]]>", "日本語", "click n0 href",
)  # fmt: skip


def node(name: str, project: str = "", image: str = "image:1", **facts: object) -> Node:
    container = Container(
        image=image, image_id="", image_now=None, digest=None, state="running", health=None,
        exit_code=None, restart_count=0, started_at=None,
        ports=(Port("::", 80, 80, "tcp"),), networks=(), network_mode="networks", pid_mode="",
        privileged=False, mounts=(), compose_project=project or None, compose_service=None,
        memory_limit_bytes=None, cpu_limit=None, pids_limit=None, connections_read=True,
    )  # fmt: skip
    return Node(f"container:{name}", "container", name, "running", container)


def edge(source: Node, target: Node, kind: str = "connection") -> Edge:
    return Edge(source.id, target.id, kind, ("seen",), (80,))  # type: ignore[arg-type]


def map_of(nodes: Iterable[Node], edges: Iterable[Edge]) -> ServiceMap:
    return ServiceMap(1, datetime(2026, 1, 1, tzinfo=UTC), tuple(nodes), tuple(edges))


def hostile(names: Iterable[str]) -> ServiceMap:
    """Every text that a container brings along is one of the names."""
    nodes = [node(name, name, name) for name in dict.fromkeys(names)]
    return map_of(nodes, (edge(one, other) for one, other in combinations(nodes, 2)))


def dot_without_strings(text: str) -> str:
    return re.sub(r'"(?:[^"\\\n]|\\[\\"n])*"', "S", text)


@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=40), min_size=1, max_size=5))
def test_names_stay_names_in_every_language(names: list[str]) -> None:
    drawing = draw(hostile(names))
    for line in dot_without_strings(dot(drawing)).splitlines():
        assert re.fullmatch(
            r"digraph service_map \{|  rankdir=LR;|  (node|edge) \[[\w=, .S-]*\];|(  )?\}"
            r"|  subgraph cluster_\d+ \{ label=S; color=gray;|  n\d+ \[label=S, fillcolor=S\];"
            r"|  n\d+ -> n\d+ \[label=S, style=\w+(, dir=none, constraint=false)?\];",
            line,
        ), line
    for line in mermaid(drawing).splitlines():
        assert re.fullmatch(
            r"flowchart LR|  classDef \w+ [\w:#, -]+|  end|  subgraph p\d+\[\"[^\"\n<>\[\]]*\"\]"
            r"|  n\d+\[\"(?:[^\"\n<>\[\]]|<br/>)*\"\]:::\w+"
            r"|  n\d+ (?:-->|-\.->|-\.-)\|\"(?:[^\"\n<>\[\]]|<br/>)*\"\| n\d+",
            line,
        ), line
    assert {part.tag for part in ElementTree.fromstring(svg(drawing, names[0])).iter()} <= TAGS
    for line in tree(hostile(names)):
        assert line.isprintable(), line


def test_what_is_red_solid_and_dashed(  # the meaning of a drawing is in its legend
) -> None:
    web, db = node("web"), node("db")
    drawing = draw(map_of([web, db], [edge(web, db, "reference"), edge(db, web, "volume")]))
    (arrow,) = drawing.arrows
    assert (arrow.words, arrow.seen, arrow.directed) == (
        ("configured", "shared volume"),
        False,
        True,
    )
    assert "stroke-dasharray" in svg(drawing, "x")
    assert "style=dashed" in dot(drawing)
    assert "-.->" in mermaid(drawing)


def test_what_others_miss_is_red_also_if_it_ended_well() -> None:
    web, db = node("web"), node("db")
    assert db.container is not None
    ended = replace(db, state="exited", container=replace(db.container, ports=(), exit_code=0))
    for kind, tone in (("depends_on", "off"), ("reference", "bad")):
        drawing = draw(map_of([web, ended], [edge(web, ended, kind)]))
        assert [box.tone for box in drawing.boxes] == ["good", tone]


def projects(count: int) -> ServiceMap:
    nodes, edges = [], []
    host = Node("host", "host", "the host")
    for number in range(count):
        web, app, db = (
            node(f"{name}-{number}", f"project-{number}") for name in ("web", "app", "db")
        )
        nodes += [web, app, db]
        edges += [edge(host, web), edge(web, app), edge(app, db), edge(app, db, "depends_on")]
    return map_of([*nodes, host], edges)


def overlap(one: Place, other: Place) -> bool:
    return not (
        one.x + one.width <= other.x or other.x + other.width <= one.x
        or one.y + one.height <= other.y or other.y + other.height <= one.y
    )  # fmt: skip


def test_thirty_containers_stand_beside_each_other_in_their_projects() -> None:
    page = ElementTree.fromstring(svg(draw(projects(10)), "x"))
    shapes = [
        (Place(*(float(part.get(name, "0")) for name in ("x", "y", "width", "height"))), part)
        for part in page.iter(f"{SVG}rect")
    ]
    frames = [place for place, part in shapes if part.get("rx") == "9"]
    boxes = [place for place, part in shapes if part.get("rx") == "7"]
    assert (len(frames), len(boxes)) == (10, 40), "the host is drawn in each project"
    for group in (frames, boxes):
        assert not any(overlap(one, other) for one, other in combinations(group, 2))
    width, height = (float(page.get(name, "0")) for name in ("width", "height"))
    assert width < 2600
    assert all(
        place.x >= 0 and place.x + place.width <= width and place.y + place.height <= height
        for place, _ in shapes
    )


def test_the_host_is_one_node_of_the_map_and_drawn_where_it_is_needed() -> None:
    parted = by_project(draw(projects(3)))
    hosts = [box for box in parted.boxes if box.lines[0] == "the host"]
    assert {box.near for box in hosts} == {"project-0", "project-1", "project-2"}
    assert dot(draw(projects(3))).count("subgraph") == 3
    assert sum("the host" in line and "→" not in line for line in tree(projects(3))) == 1


def test_words_of_arrows_keep_off_boxes() -> None:
    arrow = draw(projects(1)).arrows[0]
    ((label),) = placed({arrow: [(0, 0), (200, 0)]}, [Place(60, -20, 80, 40)], 0)
    assert not overlap(label.place, Place(60, -20, 80, 40))


def test_more_than_can_be_drawn_is_said() -> None:
    drawing = draw(projects(60))
    assert len(drawing.boxes) == MOST_BOXES
    assert f"{181 - MOST_BOXES} more nodes are in service_map.json alone." in svg(drawing, "x")


def test_nothing_is_drawn_as_such() -> None:
    nothing = draw(map_of([], []))
    assert "No container is both on this host and on the allowlist." in svg(nothing, "x")
    assert dot_without_strings(dot(nothing)).endswith("];\n}\n")
