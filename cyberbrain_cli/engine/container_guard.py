"""The guard that every container passes which is run: approval → hardening → audit → removal."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from cyberbrain_cli.core.allowlist import decide_image
from cyberbrain_cli.core.environment import resolve
from cyberbrain_cli.core.errors import Cancelled, CyberbrainError, NotFound, PolicyRefused
from cyberbrain_cli.core.findings import Evidence
from cyberbrain_cli.core.ports import ContainerHost, ContainerRuntime
from cyberbrain_cli.core.records import (
    AuditEvent,
    ContainerEnd,
    ContainerRequest,
    ContainerResult,
    ContainerSpec,
    ImageEntry,
    ImageFacts,
)
from cyberbrain_cli.engine.container_log import read_log
from cyberbrain_cli.engine.container_policy import differences, permissions, told
from cyberbrain_cli.engine.outputs import Collected, collect
from cyberbrain_cli.engine.stop import Stop

log = logging.getLogger(__name__)

ACTION = "run_container"
TERM_SECONDS = 2
"""How long a container that is to stop may take after SIGTERM, before it is killed."""
CLEANUP_SECONDS = 30.0
"""How long removing a container may take, before the job ends without it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom containers are run: what their labels, names and audit events say.

    `owner` names the records that know of the run, on this host; `user` is who launched it.
    """

    owner: str
    user: str
    run_id: int
    job_id: int
    job_key: str
    directive: str

    def labels(self) -> dict[str, str]:
        """What everything bears that is made for the job."""
        return {
            "cyberbrain.owner": self.owner,
            "cyberbrain.run_id": str(self.run_id),
            "cyberbrain.job_id": str(self.job_id),
            "cyberbrain.directive": self.directive,
        }


@dataclass(frozen=True, slots=True)
class GuardedRunner:
    """Runs approved images for one job; implements `core.ports.ContainerRunner`."""

    runtime: ContainerRuntime
    host: ContainerHost
    entries: Sequence[ImageEntry]
    audit: Callable[[AuditEvent], None]
    redact: Callable[[str], str]
    environment: Mapping[str, str]
    caller: Caller
    stop: Stop
    cleanup_seconds: float = CLEANUP_SECONDS

    def lists(self, image: str) -> bool:
        """Whether the image is on the allowlist at all, be its approval in force or not."""
        return any(entry.reference == image for entry in self.entries)

    def run(self, request: ContainerRequest) -> ContainerResult:
        """Run a container to its end, or until the job is to stop.

        Raises PolicyRefused for what is not approved, NotFound for an image that is not there,
        RunFailed for what the daemon refuses, Cancelled.
        """
        self.stop.check()
        if not self.caller.run_id:
            raise PolicyRefused("A preview runs no container.", "Launch it.")
        image = self._approved(request)
        spec = self._spec(request, image)
        try:
            result = self._run(spec)
        except CyberbrainError as error:
            error.message = self.redact(error.message)
            raise
        finally:
            left = self._removed(spec)
        return result if left is None else replace(result, degraded=(*result.degraded, left))

    def _approved(self, request: ContainerRequest) -> ImageFacts:
        """The image as the daemon has it, if it may be run as it is asked for."""
        try:
            image = self.runtime.image(request.image)
        except NotFound:
            image = self._pulled(request)
        decision = decide_image(request.image, image.digest, self.entries, permissions(request))
        if not decision.allowed:
            raise self._refusal(request, decision.reason)
        return image

    def _pulled(self, request: ContainerRequest) -> ImageFacts:
        """An image that is not here, from its registry if that is approved, by its digest."""
        known = {entry.reference: entry.digest for entry in self.entries}
        digest = known.get(request.image, "")
        decision = decide_image(request.image, digest, self.entries, permissions(request))
        if not decision.allowed:
            raise self._refusal(request, decision.reason)
        pinned = f"{_repository(request.image)}@{digest}"
        try:
            found = self.runtime.image(pinned)
        except NotFound:
            if not request.pull:
                raise NotFound(
                    f"The daemon has no image '{request.image}'.",
                    "docker pull it, or say `pull: true` where its approval allows that.",
                ) from None
            self.stop.outlived(lambda: self.runtime.pull(pinned))
            self._note(request.image, "pulled", digest)
            found = self.runtime.image(pinned)
        return ImageFacts(found.id, digest, found.volumes)

    def _spec(self, request: ContainerRequest, image: ImageFacts) -> ContainerSpec:
        caller = self.caller
        key = "".join(c if c.isalnum() or c in "_-" else "-" for c in caller.job_key)
        return ContainerSpec(
            execution=f"cyberbrain-{caller.run_id}-{key[:40]}-{secrets.token_hex(4)}",
            request=request,
            image=image,
            environment=resolve(request.environment, self.environment),
            labels=caller.labels(),
        )

    def _run(self, spec: ContainerSpec) -> ContainerResult:
        runtime, request = self.runtime, spec.request
        unsupported = runtime.unsupported()
        container = runtime.create(spec)
        about = f"{request.image} ({spec.image.digest}) by {self.caller.user}: {told(request)}"
        self._note(spec.execution, "created", about)
        self._check(spec, container, unsupported)
        self.stop.check()
        runtime.start(container)
        self._note(spec.execution, "started", about)
        end, stopped = self._ended(spec, container)
        outcome = f"exit code {end.exit_code}{', out of memory' if end.oom_killed else ''}"
        self._note(spec.execution, "killed" if stopped else "finished", stopped or outcome)
        lines, left_out = self._log(spec)
        kept = Collected() if stopped else self._outputs(spec)
        return ContainerResult(
            container=spec.execution,
            image=request.image,
            digest=spec.image.digest,
            end=end,
            stopped=stopped,
            log=lines,
            log_lines_left_out=left_out,
            outputs=tuple(kept.files),
            refused=tuple(kept.refused),
            degraded=tuple(f"The daemon cannot limit {name}." for name in unsupported),
        )

    def _check(self, spec: ContainerSpec, container: str, unsupported: tuple[str, ...]) -> None:
        """What was made is what was approved: looked at before it is started."""
        found = self.runtime.settings(container)
        wrong = list(differences(spec.settings(unsupported), found))
        if wrong:
            reason = f"Its container was not made as approved: {', '.join(wrong)}."
            if "image id" in wrong:
                reason += f" Image {spec.image.id} was approved, its is {found.image_id}."
            raise self._refusal(spec.request, reason)

    def _ended(self, spec: ContainerSpec, container: str) -> tuple[ContainerEnd, str | None]:
        """How it ended, and why it was made to, if it was. Raises Cancelled."""
        try:
            return self.stop.outlived(lambda: self.runtime.wait(container)), None
        except CyberbrainError:
            reason = self.stop.error
            if reason is None:
                raise
            if isinstance(reason, Cancelled):
                within(TERM_SECONDS + 1, lambda: self.runtime.stop(container, TERM_SECONDS))
                self._note(spec.execution, "killed", reason.message)
                raise
        self.runtime.stop(container, TERM_SECONDS)
        return self.runtime.wait(container), reason.message

    def _log(self, spec: ContainerSpec) -> tuple[tuple[Evidence, ...], int]:
        return read_log(self.host, spec.execution, spec.request.log_bytes, self.redact)

    def _outputs(self, spec: ContainerSpec) -> Collected:
        if spec.request.outputs is None:
            return Collected()
        values = [value.encode() for value in spec.environment.values() if len(value) > 3]
        stream = self.runtime.outputs(spec)
        with closing(stream):
            return collect(stream, spec.request.outputs, values)

    def _removed(self, spec: ContainerSpec) -> str | None:
        """Remove all that was made; why not, where that takes too long or is refused."""
        left = within(self.cleanup_seconds, lambda: self.runtime.remove(spec.execution))
        self._note(spec.execution, "removed" if left is None else "left", left or "")
        return left and f"Container {spec.execution} is not removed yet: {left}"

    def _note(self, subject: str, outcome: str, reason: str) -> None:
        log.info("container %s %s", subject, outcome, extra={"run_id": self.caller.run_id})
        self.audit(AuditEvent(ACTION, subject, outcome, reason, self.caller.run_id))

    def _refusal(self, request: ContainerRequest, reason: str) -> PolicyRefused:
        who = f"{reason} Asked by {self.caller.user}: {told(request)}"
        self.audit(AuditEvent(ACTION, request.image, "refused", who, self.caller.run_id))
        also = "".join(f" --allow {permission}" for permission in permissions(request))
        return PolicyRefused(
            reason, f"If it may: cyberbrain allowlist add --image {request.image}{also}"
        )


def within(seconds: float, work: Callable[[], None]) -> str | None:
    """Do it, but wait no longer than so many seconds; why it is not done, if it is not."""
    problems: list[str] = []

    def attempt() -> None:
        try:
            work()
        except CyberbrainError as error:
            problems.append(error.message)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        return f"The daemon did not answer within {seconds:g} s."
    return problems[0] if problems else None


def _repository(reference: str) -> str:
    folder, slash, last = reference.partition("@")[0].rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"
