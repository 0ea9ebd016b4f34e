"""A drawing in Graphviz's language, whatever the names in it."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.workers.service_map.drawing import Arrow, Drawing, shortened
from cyberbrain_cli.workers.service_map.projects import by_project, members

_FILLS = {
    "good": "#e6f4ea",
    "bad": "#fce8e6",
    "off": "#f1f3f4",
    "unlisted": "#ffffff",
    "outside": "#e8f0fe",
}


def dot(drawing: Drawing) -> str:
    """The text of a `.dot` file."""
    return "\n".join(_lines(drawing)) + "\n"


def quoted(text: str) -> str:
    """A string of the language: backslashes would start one of its escapes, so none is left."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _lines(drawing: Drawing) -> Iterator[str]:
    drawing = by_project(drawing)
    names = {box.id: f"n{number}" for number, box in enumerate(drawing.boxes)}
    yield "digraph service_map {"
    yield "  rankdir=LR;"
    yield '  node [shape=box, style="rounded,filled", fontname="sans-serif"];'
    yield '  edge [fontname="sans-serif", fontsize=10];'
    for number, (project, boxes) in enumerate(members(drawing)):
        if project:
            yield f"  subgraph cluster_{number} {{ label={quoted(shortened(project))}; color=gray;"
        for box in boxes:
            label = "\\n".join(quoted(line)[1:-1] for line in box.lines)
            yield f'  {names[box.id]} [label="{label}", fillcolor="{_FILLS[box.tone]}"];'
        if project:
            yield "  }"
    for arrow in drawing.arrows:
        yield f"  {names[arrow.source]} -> {names[arrow.target]} [{_style(arrow)}];"
    yield "}"


def _style(arrow: Arrow) -> str:
    line = "solid" if arrow.seen else "dashed"
    ends = "" if arrow.directed else ", dir=none, constraint=false"
    label = "\\n".join(quoted(word)[1:-1] for word in arrow.words)
    return f'label="{label}", style={line}{ends}'
