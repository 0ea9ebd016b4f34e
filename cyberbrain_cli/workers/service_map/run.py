"""The job: survey, map, findings, drawings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core.directory import Directory
from cyberbrain_cli.core.drift import diff
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.panels import Panel
from cyberbrain_cli.core.ports import Report
from cyberbrain_cli.core.records import NewArtifact, Survey
from cyberbrain_cli.core.service_map import (
    HOST,
    KIND,
    OUTSIDE,
    SCHEMA_VERSION,
    Edge,
    Node,
    ServiceMap,
)
from cyberbrain_cli.core.worker import JobContext, Outcome
from cyberbrain_cli.workers.service_map import declared, talking
from cyberbrain_cli.workers.service_map.dot import dot
from cyberbrain_cli.workers.service_map.drawing import draw
from cyberbrain_cli.workers.service_map.findings import findings_of
from cyberbrain_cli.workers.service_map.gathering import gather
from cyberbrain_cli.workers.service_map.mermaid import mermaid
from cyberbrain_cli.workers.service_map.names import Names, Redact, nodes_of
from cyberbrain_cli.workers.service_map.params import ServiceMapParams
from cyberbrain_cli.workers.service_map.rules import Rules
from cyberbrain_cli.workers.service_map.svg import svg
from cyberbrain_cli.workers.service_map.tree import tree
from cyberbrain_cli.workers.service_map.unix_sockets import UnixSockets

_MAP = TypeAdapter(ServiceMap)
_FINDINGS = TypeAdapter(tuple[Finding, ...])


def run(params: ServiceMapParams, ctx: JobContext) -> Outcome:
    """Map the allowlisted containers of the host. Raises what the host raises."""
    ctx.check()
    allowed = [container.name for container in ctx.host.containers()]
    survey = ctx.host.survey(
        allowed, connections=params.connections, name_others=params.show_unlisted == "names"
    )
    ctx.check()
    names = Names.of(survey, ctx.redact)
    unread = tuple(_unread(survey, ctx.redact))
    found = _map(survey, names, ctx, unread)
    missing = {
        names[item.id]: [ctx.redact(name) for name in declared.missing_dependencies(item, survey)]
        for item in survey.containers
        if item.listed
    }
    findings = findings_of(
        Rules(found, missing).problems(), found, ctx.previous, set(params.ignore)
    )
    ctx.check()
    return Outcome(findings, artifacts=_write(ctx, found, findings), degraded=unread)


def _map(survey: Survey, names: Names, ctx: JobContext, unread: tuple[str, ...]) -> ServiceMap:
    directory = Directory(survey)
    sightings = [
        *declared.declared(survey, directory, ctx.redact),
        *talking.talking(survey, directory),
        *UnixSockets(survey, directory, ctx.redact).sightings(),
    ]
    edges = gather(sightings, names)
    nodes = nodes_of(survey, names, ctx.redact)
    found = ServiceMap(
        SCHEMA_VERSION,
        ctx.clock.now(),
        (*sorted(nodes, key=lambda node: node.id), *_beyond(edges)),
        tuple(edges),
        (*unread, *map(ctx.redact, declared.left_out(survey))),
    )
    earlier = _earlier(ctx)
    return replace(found, changes=diff(earlier, found)) if earlier else found


def _earlier(ctx: JobContext) -> ServiceMap | None:
    """The last run's map; None where there is none that this version can read."""
    for document in ctx.earlier(KIND):
        try:
            return _MAP.validate_python(document)
        except ValueError:
            ctx.progress.note("The last run's service map cannot be read; there is no comparison.")
    return None


def _beyond(edges: list[Edge]) -> Iterator[Node]:
    """The host and those outside, as far as somebody has to do with them."""
    ends = {end for edge in edges for end in (edge.source, edge.target)}
    if HOST in ends:
        yield Node(HOST, "host", "the host")
    for end in sorted(ends):
        if end == OUTSIDE:
            yield Node(OUTSIDE, "outside", "outside")
        elif end.startswith(f"{OUTSIDE}:"):
            yield Node(end, "outside", end.removeprefix(f"{OUTSIDE}:"))


def _unread(survey: Survey, redact: Redact) -> Iterator[str]:
    """Which containers' connections could not be read, and why, in a sentence for each reason."""
    why: dict[str, list[str]] = {}
    for item in survey.containers:
        if item.sockets_problem is not None:
            why.setdefault(item.sockets_problem, []).append(redact(item.name))
        left = item.sockets.connections_left_out if item.sockets else 0
        if left:
            yield f"{redact(item.name)}: {left} connections more were open than are looked at."
    for reason, names in why.items():
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        yield f"Connections of {', '.join(names[:5])}{more} were not read: {reason}."


def _write(
    ctx: JobContext, found: ServiceMap, findings: tuple[Finding, ...]
) -> tuple[NewArtifact, ...]:
    drawing = draw(found)
    title = f"Service map: {ctx.directive}"
    panel = Panel("What runs here, and who talks to whom", tree(found))
    analysis: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "findings": _FINDINGS.dump_python(findings, mode="json"),
        "panels": [{"title": panel.title, "lines": list(panel.lines)}],
        "notes": list(found.notes),
    }
    report = Report(title, found.created_at, findings, (), notes=found.notes, panels=(panel,))
    write = ctx.artifacts
    return (
        write.json("analysis", "analysis.json", analysis),
        write.json(KIND, "service_map.json", _MAP.dump_python(found, mode="json")),
        write.markdown("report", "report.md", report),
        write.text("drawing", "service_map.mmd", mermaid(drawing), "text/vnd.mermaid"),
        write.text("drawing", "service_map.dot", dot(drawing), "text/vnd.graphviz"),
        write.text("drawing", "service_map.svg", svg(drawing, title), "image/svg+xml"),
    )
