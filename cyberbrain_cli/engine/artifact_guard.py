"""A job's folder of artifacts: redact → confine → write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, to_jsonable_python

from cyberbrain_cli.core.errors import PolicyRefused, RunFailed
from cyberbrain_cli.core.ports import ArtifactStore, Documents, Report
from cyberbrain_cli.core.records import NewArtifact

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")


class GuardedArtifacts:
    """Implements `core.worker.ArtifactWriter` for one job. `folder` is relative to the root."""

    def __init__(
        self,
        store: ArtifactStore,
        redact: Callable[[str], str],
        folder: str,
        documents: Documents,
    ) -> None:
        self._store = store
        self._redact = redact
        self._folder = folder
        self._documents = documents

    def json(self, kind: str, name: str, document: Any) -> NewArtifact:
        """Write a document of dataclasses, mappings, sequences and scalars as JSON.

        Raises RunFailed for a document that holds anything else.
        """
        try:
            plain = _plain(document)
        except PydanticSerializationError as error:
            raise RunFailed(f"The artifact {name} cannot be written as JSON.") from error
        text = json.dumps(self._redacted(plain), ensure_ascii=False, indent=2)
        return self._write(kind, name, text + "\n", "application/json")

    def markdown(self, kind: str, name: str, report: Report) -> NewArtifact:
        """Write a report for people.

        It is redacted before and after: Markdown's escapes could hide a secret, and line by line,
        since a redactor that fails closed must not take the whole report with it.
        """
        text = self._documents.markdown(self._redacted_record(report))
        return self.text(kind, name, text, "text/markdown")

    def text(self, kind: str, name: str, text: str, media_type: str) -> NewArtifact:
        """Write any other text, redacted line by line."""
        redacted = "\n".join(self._redact(line) for line in text.split("\n"))
        return self._write(kind, name, redacted, media_type)

    def binary(self, kind: str, name: str, content: bytes, media_type: str) -> NewArtifact:
        """Write what is no text and cannot be redacted, as it is."""
        return self._put(kind, name, content, media_type)

    def _write(self, kind: str, name: str, text: str, media_type: str) -> NewArtifact:
        return self._put(kind, name, text.encode("utf-8", "replace"), media_type)

    def _put(self, kind: str, name: str, content: bytes, media_type: str) -> NewArtifact:
        if not _NAME.fullmatch(name):
            raise PolicyRefused(f"'{name}' cannot be the name of an artifact.")
        path = f"{self._folder}/{name}"
        return self._store.write(path, content, kind=kind, media_type=media_type)

    def _redacted(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redact(value)
        if isinstance(value, dict):
            return _keyed((self._redact(key), self._redacted(item)) for key, item in value.items())
        if isinstance(value, list):
            return [self._redacted(inner) for inner in value]
        return value

    def _redacted_record(self, value: Any) -> Any:
        """The same for what is still dataclasses and tuples."""
        if isinstance(value, str) and not isinstance(value, Enum):
            return self._redact(value)
        if isinstance(value, list | tuple):
            return type(value)(self._redacted_record(inner) for inner in value)
        if is_dataclass(value) and not isinstance(value, type):
            known = {field.name: getattr(value, field.name) for field in fields(value)}
            return replace(
                value, **{name: self._redacted_record(inner) for name, inner in known.items()}
            )
        return value


def _keyed(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping of all items; keys that became the same by redaction are numbered."""
    result: dict[str, Any] = {}
    for key, value in items:
        number, free = 1, key
        while free in result:
            number += 1
            free = f"{key} ({number})"
        result[free] = value
    return result


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _plain(value: Any) -> Any:
    """Dataclasses become what the published schema says of them, nested however."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(_adapter(type(value)).dump_python(value, mode="json"))
    if isinstance(value, Mapping):
        return _keyed((str(key), _plain(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return value.value if isinstance(value, Enum) else value
    return to_jsonable_python(value, inf_nan_mode="null", bytes_mode="base64")
