"""The published JSON Schemas: of the files that are read, and of the answers that are printed."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core import diffs, launch, records, service_map
from cyberbrain_cli.render.columns import ContainerRow
from cyberbrain_cli.render.json_text import SCHEMA_VERSION

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Document(StrEnum):
    """What there is a schema of."""

    CONFIG = "config"
    DIRECTIVE = "directive"
    RUN = "run"
    DIFF = "diff"
    PLAN = "plan"
    PREVIEW = "preview"
    RUNS = "runs"
    ARTIFACTS = "artifacts"
    ALLOWLIST = "allowlist"
    CONTAINERS = "containers"
    DIRECTIVES = "directives"
    COST_REPORT = "cost-report"
    SERVICE_MAP = "service-map"
    ERROR = "error"


_WHOLE: dict[Document, Any] = {
    Document.RUN: records.RunDocument,
    Document.DIFF: diffs.DiffDocument,
    Document.PLAN: launch.PlanDocument,
    Document.PREVIEW: launch.PreviewDocument,
    Document.SERVICE_MAP: service_map.ServiceMap,
}
_LISTS: dict[Document, Any] = {
    Document.RUNS: records.RunSummary,
    Document.ARTIFACTS: records.ArtifactEntry,
    Document.ALLOWLIST: records.AllowlistEntry,
    Document.CONTAINERS: ContainerRow,
    Document.DIRECTIVES: records.DirectiveEntry,
}


def schema_of(document: Document) -> dict[str, Any]:
    """The JSON Schema of a document."""
    if document is Document.CONFIG:
        from cyberbrain_cli.config.settings import Settings

        return {"$schema": _DIALECT, **Settings.model_json_schema()}
    if document is Document.DIRECTIVE:
        from cyberbrain_cli.engine.loader import schema
        from cyberbrain_cli.engine.registry import discover

        return schema(discover())
    if document in _WHOLE:
        return {"$schema": _DIALECT, **_schema(_WHOLE[document])}
    if document in _LISTS:
        return _listing(document.value, _LISTS[document])
    if document is Document.COST_REPORT:
        report = _listing("rows", records.CostRow)
        rows = report["properties"]["rows"]
        moment = {"type": ["string", "null"], "format": "date-time"}
        extra = {"total": rows["items"], "totals": rows}
        extra |= {f"{before}uncounted_calls": {"type": "integer"} for before in ("", "previous_")}
        extra |= dict.fromkeys(("since", "until", "previous_since"), moment)
        report["properties"] |= extra
        return {**report, "required": [*report["required"], "total", "totals"]}
    return _error()


def _schema(kind: Any) -> dict[str, Any]:
    return TypeAdapter(kind).json_schema(mode="serialization")


def _listing(name: str, row: Any) -> dict[str, Any]:
    items = _schema(row)
    definitions = items.pop("$defs", {})
    definitions[items.get("title", name)] = items
    rows = {"type": "array", "items": {"$ref": f"#/$defs/{items.get('title', name)}"}}
    return {
        "$schema": _DIALECT,
        "$defs": definitions,
        "type": "object",
        "required": ["schema_version", name],
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION},
            name: rows,
        },
    }


def _error() -> dict[str, Any]:
    text = {"type": "string"}
    place = {"message": text, "key": text, "line": {"type": "integer"}}
    problem = {"type": "object", "properties": {**place, "column": {"type": "integer"}}}
    error = {
        "type": "object",
        "required": ["code", "message", "hint"],
        "properties": {
            "code": text,
            "message": text,
            "hint": text,
            "file": text,
            "problems": {"type": "array", "items": problem},
        },
    }
    return {
        "$schema": _DIALECT,
        "type": "object",
        "required": ["error"],
        "properties": {"error": error},
    }
