"""Problems and changes as findings, against those of the previous run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cyberbrain_cli.core.findings import (
    Finding,
    FindingState,
    Severity,
    Source,
    against_previous,
    finding_id,
)
from cyberbrain_cli.core.service_map import Changes, EdgeName, Node, ServiceMap
from cyberbrain_cli.workers.service_map.params import Rule
from cyberbrain_cli.workers.service_map.rules import Problem

_SHOWN = 8
_TASK = "service_map"
_CHANGES = ("came", "went", "strangers", "image", "ports", "edges")
_CAME, _WENT, _STRANGERS, _IMAGE, _PORTS, _EDGES = _CHANGES


def findings_of(
    problems: Iterable[Problem], found: ServiceMap, previous: Sequence[Finding], ignore: set[Rule]
) -> tuple[Finding, ...]:
    """The findings. A change is always new, and is never resolved: it happened."""
    ruled = [_finding(problem) for problem in problems if problem.rule not in ignore]
    mapped = frozenset(node.name for node in found.nodes if node.kind == "container")
    lasting = [item for item in previous if not _is_drift(item)]
    changed = [] if "drift" in ignore or found.changes is None else drifted(found, found.changes)
    return (*against_previous(ruled, lasting, mapped), *map(_finding, changed))


def _finding(problem: Problem) -> Finding:
    return Finding(
        id=finding_id(_TASK, problem.rule, problem.container, problem.about),
        severity=problem.severity,
        state=FindingState.NEW,
        title=problem.title,
        explanation=problem.explanation,
        suggestion=problem.suggestion,
        container=problem.container or None,
        source=Source.RULE,
        pattern=None,
        count=0,
        first_seen=None,
        last_seen=None,
        evidence=(),
    )


def _is_drift(item: Finding) -> bool:
    return any(
        item.id == finding_id(_TASK, "drift", item.container or "", about) for about in _CHANGES
    )


def drifted(found: ServiceMap, changes: Changes) -> list[Problem]:
    """What changed since the last run, container by container."""
    nodes = {node.id: node for node in found.nodes}
    return [
        *_came_and_went(changes, nodes),
        *(
            _drift(
                _name(change.container, nodes), "Runs another image than in the last run",
                f"Before it was {change.before[7:19]}, now it is {change.after[7:19]}.", _IMAGE,
            )
            for change in changes.images
        ),
        *(
            _drift(
                _name(change.container, nodes), "Other ports of the host lead to it",
                " ".join(_listed(("New", change.added), ("Gone", change.removed))), _PORTS,
            )
            for change in changes.ports
        ),
        *_relations(found, changes, nodes),
    ]  # fmt: skip


def _came_and_went(changes: Changes, nodes: dict[str, Node]) -> Iterator[Problem]:
    came, went = (
        [name for name in names if name.startswith("container:")]
        for names in (changes.nodes_added, changes.nodes_removed)
    )
    strangers = len(changes.nodes_added) - len(came), len(changes.nodes_removed) - len(went)
    if any(strangers):
        yield _drift(
            "", "Containers that are not on the allowlist came or went",
            "New: {}. Gone: {}.".format(*strangers), _STRANGERS,
        )  # fmt: skip
    for name in came:
        yield _drift(
            _name(name, nodes), "Was not here in the last run",
            "It was made since, or put on the allowlist.", _CAME,
        )  # fmt: skip
    for name in went:
        yield _drift(
            _name(name, nodes), "Was here in the last run and is not any more",
            "It was removed since, or taken off the allowlist.", _WENT, Severity.WARNING,
        )  # fmt: skip


def _relations(found: ServiceMap, changes: Changes, nodes: dict[str, Node]) -> Iterator[Problem]:
    """Who a container has to do with since, and whom its settings do not name any more.

    A connection that is not open at the moment is no news, one between two that never had to
    do with each other is.
    """
    new_ones = {*changes.nodes_added, *changes.nodes_removed}
    fresh = {(edge.source, edge.target) for edge in changes.edges_added}
    stayed = {
        (edge.source, edge.target)
        for edge in found.edges
        if EdgeName(edge.source, edge.target, edge.kind) not in changes.edges_added
    }
    came: dict[str, set[str]] = {}
    went: dict[str, set[str]] = {}
    for source, target in fresh - stayed:
        if {source, target} & new_ones or nodes[target].kind == "outside":
            continue
        if nodes[source].kind == "container":
            came.setdefault(source, set()).add(_name(target, nodes))
    for edge in changes.edges_removed:
        gone = edge.kind in ("depends_on", "reference") and edge.source in nodes
        if gone and edge.target not in new_ones:
            went.setdefault(edge.source, set()).add(_name(edge.target, nodes))
    for source in sorted({*came, *went}):
        told = _listed(
            ("New", sorted(came.get(source, ()))), ("Gone", sorted(went.get(source, ())))
        )
        yield _drift(
            _name(source, nodes), "Has to do with others than in the last run",
            " ".join(told), _EDGES,
        )  # fmt: skip


def _drift(
    container: str, title: str, explanation: str, about: str, severity: Severity = Severity.INFO
) -> Problem:
    return Problem("drift", severity, container, title, explanation, "", about)


def _name(node_id: str, nodes: dict[str, Node]) -> str:
    return nodes[node_id].name if node_id in nodes else node_id.removeprefix("container:")


def _listed(*parts: tuple[str, Sequence[str]]) -> Iterator[str]:
    for word, names in parts:
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            yield f"{word}: {', '.join(names[:_SHOWN])}{more}."
