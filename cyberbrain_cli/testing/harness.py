"""Running a worker without an engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.ports import Clock, Llm, Report, Window
from cyberbrain_cli.core.records import Cursor, InputFile, NewArtifact
from cyberbrain_cli.core.timestamps import from_ns
from cyberbrain_cli.core.worker import JobContext, Outcome, Target, Worker
from cyberbrain_cli.testing.clock import TickingClock
from cyberbrain_cli.testing.gpus import FakeGpus
from cyberbrain_cli.testing.host import FakeHost
from cyberbrain_cli.testing.runner import FakeRunner


class MemoryArtifacts:
    """An artifact folder in memory; implements `core.worker.ArtifactWriter`."""

    def __init__(self, redact: Callable[[str], str] = str) -> None:
        self._redact = redact
        self.documents: dict[str, Any] = {}
        self.reports: dict[str, Report] = {}
        self.texts: dict[str, str] = {}

    def json(self, kind: str, name: str, document: Any) -> NewArtifact:
        """Keep a document as JSON would give it back."""
        self.documents[name] = self._redacted(json.loads(json.dumps(_plain(document))))
        return NewArtifact(kind, "application/json", name, 0, "")

    def markdown(self, kind: str, name: str, report: Report) -> NewArtifact:
        """Keep a report."""
        self.reports[name] = report
        return NewArtifact(kind, "text/markdown", name, 0, "")

    def text(self, kind: str, name: str, text: str, media_type: str) -> NewArtifact:
        """Keep a text."""
        self.texts[name] = "\n".join(self._redact(line) for line in text.split("\n"))
        return NewArtifact(kind, media_type, name, 0, "")

    def binary(self, kind: str, name: str, content: bytes, media_type: str) -> NewArtifact:
        """Keep its size."""
        self.texts[name] = f"{len(content)} bytes"
        return NewArtifact(kind, media_type, name, len(content), "")

    def _redacted(self, value: Any) -> Any:
        """Text by text, as the engine does: what fails closed must not take all else with it."""
        if isinstance(value, dict):
            return {self._redact(key): self._redacted(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._redacted(inner) for inner in value]
        return self._redact(value) if isinstance(value, str) else value


class SilentProgress:
    """Watches and says nothing; implements `core.ports.Progress`. Lines read are in `lines`."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}

    def job_started(self, key: str) -> None:
        """Nothing."""

    def reading(self, key: str, container: str, lines: int) -> None:  # noqa: ARG002 - the port's
        """Remember how many lines were read."""
        self.lines[container] = lines

    def tokens(self, key: str, total: int) -> None:
        """Nothing."""

    def job_finished(self, key: str, status: Status) -> None:
        """Nothing."""

    def note(self, message: str) -> None:
        """Nothing."""


@dataclass(frozen=True)
class WorkerRun:
    """What a worker did: its outcome, what it wrote of each sort, and the lines read."""

    outcome: Outcome
    documents: Mapping[str, Any]
    reports: Mapping[str, Report]
    lines: Mapping[str, int]
    texts: Mapping[str, str]


def run_worker(
    worker: Worker,
    host: FakeHost,
    options: Mapping[str, Any] | None = None,
    *,
    llm: Llm | None = None,
    llm_absence: str | None = None,
    redact: Callable[[str], str] = str,
    cursors: Iterable[Cursor] = (),
    window: Window | None = None,
    previous: Iterable[Finding] = (),
    seen: Mapping[str, frozenset[str]] | None = None,
    check: Callable[[], None] = lambda: None,
    max_parallel: int = 2,
    earlier: Mapping[str, Any] | None = None,
    gpus: FakeGpus | None = None,
    runner: FakeRunner | None = None,
    results: Mapping[str, Iterable[InputFile]] | None = None,
    clock: Clock | None = None,
) -> WorkerRun:
    """Run a worker on all containers of a host, with its options as a directive has them.

    Without a window each container is read from its cursor, or the beginning, to the host's
    now. `earlier` holds the document that the last run wrote of each kind of artifact, `results`
    the artifacts of this run's other jobs.
    """
    known = {cursor.container_id: cursor for cursor in cursors}
    artifacts, progress = MemoryArtifacts(redact), SilentProgress()
    targets = []
    for container in host.containers():
        cursor = known.get(container.id)
        span = window or Window(cursor.until if cursor else None, host.now_ns())
        targets.append(Target(container, span, cursor))
    context = JobContext(
        run_id=1,
        job_key=worker.key,
        directive="test",
        targets=tuple(targets),
        host=host,
        gpus=gpus or FakeGpus(),
        runner=runner or FakeRunner(),
        llm=llm,
        llm_absence=llm_absence,
        artifacts=artifacts,
        redact=redact,
        clock=clock or TickingClock(from_ns(host.now_ns())),
        progress=progress,
        check=check,
        previous=tuple(previous),
        seen=seen or {},
        max_parallel=max_parallel,
        earlier=lambda kind: (earlier[kind],) if earlier and kind in earlier else (),
        results=lambda job, _kind: tuple((results or {}).get(job, ())),
    )
    outcome = worker.run(worker.params.model_validate(options or {}), context)
    wrote = (artifacts.documents, artifacts.reports)
    return WorkerRun(outcome, *wrote, progress.lines, artifacts.texts)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return TypeAdapter(type(value)).dump_python(value, mode="json")
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
