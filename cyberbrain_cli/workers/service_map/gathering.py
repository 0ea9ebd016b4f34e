"""Many sightings of a relation become one edge with all of its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cyberbrain_cli.core.service_map import UNDIRECTED, Edge, EdgeKind
from cyberbrain_cli.workers.service_map.names import Names

MOST_EVIDENCE = 20
"""Of one edge; how many more there are is stated."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One reason to believe in a relation. `source` and `target` are container ids, or nodes'."""

    source: str
    target: str
    kind: EdgeKind
    evidence: str
    ports: tuple[int, ...] = ()
    connections: int | None = None


@dataclass(slots=True)
class _Gathered:
    evidence: dict[str, None] = field(default_factory=dict)
    ports: set[int] = field(default_factory=set)
    connections: int | None = None


def gather(sightings: Iterable[Sighting], names: Names) -> list[Edge]:
    """The edges in a stable order, one for each source, target and kind."""
    found: dict[tuple[str, str, EdgeKind], _Gathered] = {}
    for one in sightings:
        source = names.ids.get(one.source, one.source)
        target = names.ids.get(one.target, one.target)
        if one.kind in UNDIRECTED and target < source:
            source, target = target, source
        gathered = found.setdefault((source, target, one.kind), _Gathered())
        gathered.evidence[one.evidence] = None
        gathered.ports.update(one.ports)
        if one.connections is not None:
            gathered.connections = (gathered.connections or 0) + one.connections
    return [
        Edge(*key, _told(found[key]), tuple(sorted(found[key].ports)), found[key].connections)
        for key in sorted(found)
    ]


def _told(gathered: _Gathered) -> tuple[str, ...]:
    evidence = sorted(gathered.evidence)
    more = len(evidence) - MOST_EVIDENCE
    return (*evidence[:MOST_EVIDENCE], *([f"and {more} more"] if more > 0 else []))
