"""A drawing in Mermaid's language, whatever the names in it."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.workers.service_map.drawing import Arrow, Drawing, shortened
from cyberbrain_cli.workers.service_map.projects import by_project, members

_PLAIN = frozenset(" .,:/+-@()→…·")
_FILLS = {
    "good": "fill:#e6f4ea,stroke:#188038,color:#202124",
    "bad": "fill:#fce8e6,stroke:#d93025,color:#202124",
    "off": "fill:#f1f3f4,stroke:#80868b,color:#202124",
    "unlisted": "fill:#ffffff,stroke:#80868b,stroke-dasharray:4 3,color:#202124",
    "outside": "fill:#e8f0fe,stroke:#1a73e8,color:#202124",
}


def mermaid(drawing: Drawing) -> str:
    """The text of a flowchart."""
    return "\n".join(_lines(drawing)) + "\n"


def escaped(text: str) -> str:
    """Text for between quotes: whatever could be markup goes as a numbered entity."""
    return "".join(
        character if character.isalnum() or character in _PLAIN else f"#{ord(character)};"
        for character in text
    )


def _lines(drawing: Drawing) -> Iterator[str]:
    drawing = by_project(drawing)
    names = {box.id: f"n{number}" for number, box in enumerate(drawing.boxes)}
    yield "flowchart LR"
    for tone, style in _FILLS.items():
        yield f"  classDef {tone} {style}"
    for number, (project, boxes) in enumerate(members(drawing)):
        if project:
            yield f'  subgraph p{number}["{escaped(shortened(project))}"]'
        for box in boxes:
            label = "<br/>".join(map(escaped, box.lines))
            yield f'  {names[box.id]}["{label}"]:::{box.tone}'
        if project:
            yield "  end"
    for arrow in drawing.arrows:
        yield f"  {names[arrow.source]} {_line(arrow)} {names[arrow.target]}"


def _line(arrow: Arrow) -> str:
    label = f'|"{"<br/>".join(map(escaped, arrow.words))}"|'
    if not arrow.directed:
        return f"-.-{label}"
    return f"-->{label}" if arrow.seen else f"-.->{label}"
