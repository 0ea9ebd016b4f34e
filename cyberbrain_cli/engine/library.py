"""The directives there are: by name in the directive folders, or by path."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyberbrain_cli.core.errors import CyberbrainError, InvalidFile, UsageError
from cyberbrain_cli.core.records import DirectiveEntry
from cyberbrain_cli.core.source import YamlDocument
from cyberbrain_cli.core.worker import Worker
from cyberbrain_cli.engine.loader import LoadedDirective, load_directive, schema

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Library:
    """Directive files. `read` turns a path into a document, `workers` are loaded when needed."""

    folders: Sequence[Path]
    read: Callable[[Path], YamlDocument]
    workers: Callable[[], Mapping[str, Worker]]

    def list(self) -> list[DirectiveEntry]:
        """Every directive file by name; the first folder that has a name wins."""
        return [self._entry(name, path) for name, path in sorted(self._files().items())]

    def show(self, name: str) -> str:
        """The text of a directive. Raises UsageError when there is none of that name or path."""
        return self.read(self.find(name)).text

    def load(self, name: str) -> LoadedDirective:
        """A validated directive. Raises UsageError or InvalidFile."""
        return load_directive(self.read(self.find(name)), self.workers())

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of directive files."""
        return schema(self.workers())

    def find(self, name: str) -> Path:
        """The file of a directive: a path if it looks like one, else a name in the folders."""
        if "/" in name or name.endswith(SUFFIXES):
            return Path(name)
        files = self._files()
        if name in files:
            return files[name]
        close = difflib.get_close_matches(name, files, n=1)
        raise UsageError(
            f"There is no directive named '{name}'.",
            f"Did you mean {close[0]}?" if close else "cyberbrain directives list",
        )

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in self.folders:
            try:
                files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
            except OSError:
                continue
            for path in files:
                found.setdefault(path.stem, path)
        return found

    def _entry(self, name: str, path: Path) -> DirectiveEntry:
        try:
            directive = load_directive(self.read(path), self.workers()).directive
        except InvalidFile as error:
            problems = tuple(problem.message for problem in error.problems)
            return DirectiveEntry(name, None, "", str(path), (), problems)
        except CyberbrainError as error:
            return DirectiveEntry(name, None, "", str(path), (), (error.message,))
        tasks = tuple(task.task for task in directive.tasks)
        return DirectiveEntry(name, directive.version, directive.description, str(path), tasks)
