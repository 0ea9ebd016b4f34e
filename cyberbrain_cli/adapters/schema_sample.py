"""The smallest document that a JSON schema allows: what a model with nothing to say answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEEPEST = 20
_BY_TYPE: Mapping[str, Any] = {
    "string": "",
    "integer": 0,
    "number": 0,
    "boolean": False,
    "null": None,
}


def smallest(schema: Mapping[str, Any]) -> Any:
    """Empty lists, empty texts, the first of what is enumerated, and only required keys."""
    return _of(schema, schema, 0)


def _of(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    if depth > _DEEPEST:
        return None
    if "$ref" in schema:
        return _of(_target(str(schema["$ref"]), root), root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _of(schema[key][0], root, depth + 1)
    return _of_type(schema, root, depth)


def _of_type(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array":
        item = schema.get("items", {})
        return [_of(item, root, depth + 1) for _ in range(schema.get("minItems", 0))]
    if kind == "object":
        properties = schema.get("properties", {})
        required = schema.get("required", ())
        return {key: _of(properties.get(key, {}), root, depth + 1) for key in required}
    if kind in {"integer", "number"}:
        return schema.get("minimum", 0)
    return _BY_TYPE.get(str(kind))


def _target(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    for key in reference.removeprefix("#/").split("/"):
        found = found.get(key, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}
