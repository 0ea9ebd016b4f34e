"""Running containers on the real daemon through the guard, without a whole launch."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import docker as docker_sdk

from cyberbrain_cli.adapters.docker_host import DockerHost
from cyberbrain_cli.adapters.docker_runtime import DockerRuntime
from cyberbrain_cli.core.ports import ContainerRuntime
from cyberbrain_cli.core.records import (
    AuditEvent,
    ContainerRequest,
    ContainerResult,
    ImageEntry,
)
from cyberbrain_cli.core.redaction import Redactor
from cyberbrain_cli.engine.caller import Caller
from cyberbrain_cli.engine.container_guard import GuardedRunner
from cyberbrain_cli.engine.stop import Stop
from cyberbrain_cli.testing import START
from tests.stack import docker


@dataclass
class Boxes:
    """A daemon with one approved image, and what was audited."""

    url: str
    runtime: ContainerRuntime
    host: DockerHost
    digest: str
    events: list[AuditEvent] = field(default_factory=list)
    then: list[tuple[str, Callable[[], object]]] = field(default_factory=list)
    stop: Stop = field(default_factory=Stop)
    owner: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex}")

    def entry(self, digest: str | None = None, allows: Sequence[str] = ()) -> ImageEntry:
        """The approval of the image."""
        return ImageEntry(docker.IMAGE, digest or self.digest, True, "", START, tuple(allows))

    def run(
        self,
        script: str,
        *,
        entries: Sequence[ImageEntry] | None = None,
        allows: Sequence[str] = (),
        callers: Mapping[str, str] | None = None,
        runtime: ContainerRuntime | None = None,
        cleanup_seconds: float = 30,
        log_seconds: float = 30,
        run_id: int = 7,
        **request: Any,
    ) -> ContainerResult:
        """Run a script in a container of the image."""
        secrets = list((callers or {}).values())
        runner = GuardedRunner(
            runtime=runtime or self.runtime,
            host=self.host,
            entries=lambda: [self.entry(allows=allows)] if entries is None else entries,
            audit=self._audit,
            redact=Redactor(extra_secrets=secrets).redact,
            environment=callers or {},
            caller=Caller(self.owner, "somebody", run_id, 8, "box", "tests"),
            stop=self.stop,
            cleanup_seconds=cleanup_seconds,
            log_seconds=log_seconds,
        )
        given = {"image": docker.IMAGE, "command": ("sh", "-c", script)} | request
        return runner.run(ContainerRequest(**given))

    def on(self, outcome: str, act: Callable[[], object]) -> None:
        """Do something once an event with this outcome is audited."""
        self.then.append((outcome, act))

    def _audit(self, event: AuditEvent) -> None:
        self.events.append(event)
        for outcome, act in self.then:
            if outcome == event.outcome:
                act()

    @property
    def outcomes(self) -> list[str]:
        """What was audited, in order."""
        return [event.outcome for event in self.events]


@contextlib.contextmanager
def boxes_on(url: str) -> Iterator[Boxes]:
    """The daemon at an address."""
    runtime, host = DockerRuntime(url, 30), DockerHost(url, 30)
    boxes = Boxes(url, runtime, host, runtime.image(docker.IMAGE).digest)
    try:
        yield boxes
    finally:
        for left in runtime.leftovers(boxes.owner):
            runtime.remove(left.execution)
        runtime.close()
        host.close()


@contextlib.contextmanager
def odd_image(
    client: docker_sdk.DockerClient, boxes: Boxes, changes: str, **options: Any
) -> Iterator[ImageEntry]:
    """The image with changes as in a Dockerfile; its approval."""
    reference = f"cyberbrain-test/odd-{uuid.uuid4().hex[:8]}"
    made = client.containers.create(boxes.digest, "true", **options)
    try:
        made.commit(reference, changes=changes)
    finally:
        made.remove()
    try:
        digest = boxes.runtime.image(reference).digest
        yield replace(boxes.entry(), reference=reference, digest=digest)
    finally:
        with contextlib.suppress(docker_sdk.errors.ImageNotFound):
            client.images.remove(reference, force=True)


def said(result: ContainerResult) -> str:
    """Its whole log."""
    return "\n".join(line.line for line in result.log)
