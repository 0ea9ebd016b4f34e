"""Fakes for authors of task workers, and `run_worker`, which runs one without an engine.

Nothing here talks to Docker, a model, a database or the disk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core.errors import LogsUnreadable, NotFound
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.ports import (
    ChatReply,
    ChatRequest,
    LogBatch,
    ModelInfo,
    Report,
    Window,
)
from cyberbrain_cli.core.records import ContainerInfo, Cursor, NewArtifact
from cyberbrain_cli.core.timestamps import NANOSECONDS, from_ns, to_ns
from cyberbrain_cli.core.worker import JobContext, Outcome, Target, Worker

START = datetime(2026, 11, 23, 2, 58, 51, tzinfo=UTC)
"""When the fake world begins: the first line of a FakeHost's log is of this time."""
START_NS = to_ns(START)

LogLine = tuple[int, str, bytes]
"""Nanoseconds since the epoch, stream, text."""


def log_lines(
    text: str | bytes, *, start: int = START_NS, every: int = NANOSECONDS, stream: str = "stderr"
) -> list[LogLine]:
    """The lines of a text as log lines, one after the other at an even pace."""
    raw = text.encode() if isinstance(text, str) else text
    lines = raw.splitlines()
    return [(start + number * every, stream, line) for number, line in enumerate(lines)]


class TickingClock:
    """A clock that moves by itself, a little each time it is asked, and never makes one wait."""

    def __init__(self, start: datetime = START, tick: timedelta = timedelta(seconds=1)) -> None:
        self._now = start
        self._tick = tick

    def now(self) -> datetime:
        """A time later than the one before."""
        self._now += self._tick
        return self._now

    def monotonic(self) -> float:
        """Seconds that go up with each call."""
        return self.now().timestamp()

    def wait(self, seconds: float) -> None:
        """Let time pass, at once."""
        self._now += timedelta(seconds=seconds)


class CountingIds:
    """Ids in order: 1, 2, 3."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> int:
        """The next id."""
        self._last += 1
        return self._last


@dataclass
class FakeHost:
    """A Docker daemon in memory; implements `core.ports.ContainerHost`.

    Add containers with `add`. Lines appended to `logs[name]` are read in the order they stand;
    a name in `unreadable` has a log driver that refuses.
    """

    logs: dict[str, list[LogLine]] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    batch_lines: int = 1000
    now: int = START_NS + 3600 * NANOSECONDS
    _containers: dict[str, ContainerInfo] = field(default_factory=dict)

    def add(self, name: str, lines: Iterable[LogLine] = (), **facts: Any) -> ContainerInfo:
        """A container with a log; `facts` are fields of ContainerInfo."""
        known: dict[str, Any] = {"id": f"id-{name}", "image": f"{name}:1", "state": "running"}
        container = ContainerInfo(name=name, **(known | {"created_at": START} | facts))
        self._containers[name] = container
        self.logs[name] = list(lines)
        return container

    def containers(self) -> list[ContainerInfo]:
        """All containers, ordered by name."""
        return [self._containers[name] for name in sorted(self._containers)]

    def inspect(self, container: str) -> ContainerInfo:
        """One container by name or id. Raises NotFound."""
        for known in self._containers.values():
            if container in (known.name, known.id):
                return known
        raise NotFound(f"There is no container '{container}'.")

    def now_ns(self) -> int:
        """The daemon's clock."""
        return self.now

    def read_logs(self, container: ContainerInfo, window: Window) -> Iterator[LogBatch]:
        """The lines within the window. Raises LogsUnreadable."""
        if container.name in self.unreadable:
            raise LogsUnreadable(f"The log driver of '{container.name}' cannot be read.")
        after = -1 if window.after is None else window.after
        found = [line for line in self.logs[container.name] if after < line[0] <= window.until]
        for start in range(0, len(found), self.batch_lines):
            yield batch_of(found[start : start + self.batch_lines])

    def first_log_time(self, container: ContainerInfo) -> int | None:
        """The time of the oldest line; None for an empty log."""
        return min((line[0] for line in self.logs[container.name]), default=None)

    def resolve_image(self, reference: str) -> str:
        """A made-up digest."""
        return f"sha256:{reference}"


def batch_of(lines: Sequence[LogLine]) -> LogBatch:
    """The lines as one batch."""
    times, streams, texts = ([line[part] for line in lines] for part in range(3))
    return LogBatch(times, streams, texts, sum(len(text) for text in texts))


class ScriptedLlm:
    """A model that gives prepared answers; implements `core.ports.Llm`.

    Each answer is text, a reply, an error to raise, or a function of the request. The last one
    is given again and again. What was asked is in `requests`.
    """

    def __init__(
        self,
        *answers: str | ChatReply | Exception | Callable[[ChatRequest], str],
        context_tokens: int = 8192,
        max_parallel: int = 1,
    ) -> None:
        self._answers = answers or ('{"findings": []}',)
        self.info = ModelInfo("scripted", "scripted-1", context_tokens, True, max_parallel)
        self.requests: list[ChatRequest] = []

    def count(self, text: str) -> int:
        """Two bytes a token."""
        return (len(text.encode()) + 1) // 2

    def ask(self, request: ChatRequest) -> ChatReply:
        """The next answer."""
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, ChatReply):
            return answer
        return ChatReply(answer if isinstance(answer, str) else answer(request), "stop")


class MemoryArtifacts:
    """An artifact folder in memory; implements `core.worker.ArtifactWriter`."""

    def __init__(self, redact: Callable[[str], str] = str) -> None:
        self._redact = redact
        self.documents: dict[str, Any] = {}
        self.reports: dict[str, Report] = {}

    def json(self, kind: str, name: str, document: Any) -> NewArtifact:
        """Keep a document as JSON would give it back."""
        self.documents[name] = json.loads(self._redact(json.dumps(_plain(document))))
        return NewArtifact(kind, "application/json", name, 0, "")

    def markdown(self, kind: str, name: str, report: Report) -> NewArtifact:
        """Keep a report."""
        self.reports[name] = report
        return NewArtifact(kind, "text/markdown", name, 0, "")


class SilentProgress:
    """Watches and says nothing; implements `core.ports.Progress`. Lines read are in `lines`."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}

    def job_started(self, key: str) -> None:
        """Nothing."""

    def reading(self, key: str, container: str, lines: int) -> None:
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
    """What a worker did: its outcome, the documents it wrote, the reports, the lines read."""

    outcome: Outcome
    documents: Mapping[str, Any]
    reports: Mapping[str, Report]
    lines: Mapping[str, int]


def run_worker(
    worker: Worker,
    host: FakeHost,
    options: Mapping[str, Any] | None = None,
    *,
    llm: ScriptedLlm | None = None,
    llm_absence: str | None = None,
    redact: Callable[[str], str] = str,
    cursors: Iterable[Cursor] = (),
    window: Window | None = None,
    previous: Iterable[Finding] = (),
    seen: Mapping[str, frozenset[str]] | None = None,
    check: Callable[[], None] = lambda: None,
    max_parallel: int = 2,
) -> WorkerRun:
    """Run a worker on all containers of a host, with its options as a directive has them.

    Without a window each container is read from its cursor, or the beginning, to the host's
    now.
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
        llm=llm,
        llm_absence=llm_absence,
        artifacts=artifacts,
        redact=redact,
        clock=TickingClock(from_ns(host.now_ns())),
        progress=progress,
        check=check,
        previous=tuple(previous),
        seen=seen or {},
        max_parallel=max_parallel,
    )
    outcome = worker.run(worker.params.model_validate(options or {}), context)
    return WorkerRun(outcome, artifacts.documents, artifacts.reports, progress.lines)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return TypeAdapter(type(value)).dump_python(value, mode="json")
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
