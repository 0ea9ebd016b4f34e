"""Records as JSON, by the types of their fields: the same types that the schemas come from."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

from cyberbrain_cli.render.screen import is_terminal

SCHEMA_VERSION = 1


def plain(value: Any) -> Any:
    """A record, or mappings and sequences of records, as JSON's own types."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    typed = isinstance(value, BaseModel) or is_dataclass(value)
    kind: type = type(value) if typed else object
    return _adapter(kind).dump_python(value, mode="json")


def to_json(value: Any, indent: int | None = None) -> str:
    """One JSON document and a line break: indented at least for a terminal, all of it ASCII.

    ASCII, because then nothing in it can steer a terminal or fail in any locale.
    """
    if is_terminal(sys.stdout):
        indent = 2
    return json.dumps(plain(value), indent=indent).replace("\x7f", "\\u007f") + "\n"


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
