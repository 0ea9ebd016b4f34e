"""A job's folder of artifacts: redact → confine → write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core.errors import PolicyRefused
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
        """Write a document of dataclasses, mappings, sequences and scalars as JSON."""
        text = json.dumps(self._redacted(_plain(document)), ensure_ascii=False, indent=2)
        return self._write(kind, name, text + "\n", "application/json")

    def markdown(self, kind: str, name: str, report: Report) -> NewArtifact:
        """Write a report for people."""
        text = self._redact_lines(self._documents.markdown(report))
        return self._write(kind, name, text, "text/markdown")

    def _write(self, kind: str, name: str, text: str, media_type: str) -> NewArtifact:
        if not _NAME.fullmatch(name):
            raise PolicyRefused(f"'{name}' cannot be the name of an artifact.")
        content = text.encode("utf-8", "replace")
        path = f"{self._folder}/{name}"
        return self._store.write(path, content, kind=kind, media_type=media_type)

    def _redact_lines(self, text: str) -> str:
        """Line by line: a redactor that fails closed must not take the whole report with it."""
        return "\n".join(self._redact(line) for line in text.split("\n"))

    def _redacted(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redact(value)
        if isinstance(value, dict):
            return {self._redact(str(key)): self._redacted(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._redacted(inner) for inner in value]
        return value


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _plain(value: Any) -> Any:
    """Dataclasses become what the published schema says of them, nested however."""
    if is_dataclass(value) and not isinstance(value, type):
        return _adapter(type(value)).dump_python(value, mode="json")
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
