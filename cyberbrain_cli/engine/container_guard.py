"""The guard that every container passes which is run: approval → hardening → audit → removal."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from cyberbrain_cli.core.allowlist import decide_image
from cyberbrain_cli.core.environment import resolve, secrets_of
from cyberbrain_cli.core.errors import Cancelled, CyberbrainError, NotFound, PolicyRefused
from cyberbrain_cli.core.image_names import repository_of
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
from cyberbrain_cli.engine.caller import Caller
from cyberbrain_cli.engine.container_log import ReadLog, read_log
from cyberbrain_cli.engine.container_policy import differences, permissions, told
from cyberbrain_cli.engine.deadline import patience, within
from cyberbrain_cli.engine.outputs import Collected, collect
from cyberbrain_cli.engine.stop import Stop

log = logging.getLogger(__name__)

ACTION = "run_container"
TERM_SECONDS = 2
"""How long a container that is to stop may take after SIGTERM, before it is killed."""
CLEANUP_SECONDS = 30.0
"""How long removing a container may take, before the job ends without it."""
LOG_SECONDS = 60.0
"""How long reading its log may take."""
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


@dataclass(frozen=True, slots=True)
class GuardedRunner:
    """Runs approved images for one job; implements `core.ports.ContainerRunner`."""

    runtime: ContainerRuntime
    host: ContainerHost
    entries: Callable[[], Sequence[ImageEntry]]
    audit: Callable[[AuditEvent], None]
    redact: Callable[[str], str]
    environment: Mapping[str, str]
    caller: Caller
    stop: Stop
    cleanup_seconds: float = CLEANUP_SECONDS
    log_seconds: float = LOG_SECONDS

    def lists(self, image: str) -> bool:
        """Whether the image is on the allowlist at all, be its approval in force or not."""
        return any(entry.reference == image for entry in self.entries())

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
            result = self._kept(spec, *self._ended(spec))
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
        self._insist(request, image.digest)
        return image

    def _insist(self, request: ContainerRequest, digest: str) -> None:
        """Raise PolicyRefused, unless the image is approved at this moment."""
        decision = decide_image(request.image, digest, self.entries(), permissions(request))
        if not decision.allowed:
            also = "".join(f" --allow {permission}" for permission in permissions(request))
            hint = f"If it may: cyberbrain allowlist add --image {request.image}{also}"
            raise self._refusal(request, decision.reason, hint)

    def _pulled(self, request: ContainerRequest) -> ImageFacts:
        """An image that is not here, from its registry if that is approved, by its digest."""
        known = {entry.reference: entry.digest for entry in self.entries()}
        digest = known.get(request.image, "")
        self._insist(request, digest)
        pinned = f"{repository_of(request.image)}@{digest}"
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

    def _ended(self, spec: ContainerSpec) -> tuple[ContainerEnd, str | None]:
        """Make it and see it through to its end; why it was made to end, if it was."""
        try:
            end, stopped = self._lived(spec)
        except (Cancelled, PolicyRefused):
            raise
        except CyberbrainError as error:
            self._note(spec.execution, "failed", self.redact(error.message))
            raise
        outcome = f"exit code {end.exit_code}{', out of memory' if end.oom_killed else ''}"
        self._note(spec.execution, "killed" if stopped else "finished", stopped or outcome)
        return end, stopped

    def _lived(self, spec: ContainerSpec) -> tuple[ContainerEnd, str | None]:
        container = self.runtime.create(spec)
        request = spec.request
        about = f"{request.image} ({spec.image.digest}) by {self.caller.user}: {told(request)}"
        self._note(spec.execution, "created", about)
        self._check(spec, container)
        self.stop.check()
        self.runtime.start(container)
        self._note(spec.execution, "started", about)
        try:
            return self.stop.outlived(lambda: self.runtime.wait(container)), None
        except CyberbrainError:
            reason = self.stop.error
            if reason is None:
                raise
        if isinstance(reason, Cancelled):
            left = within(TERM_SECONDS + 1, lambda: self.runtime.stop(container, TERM_SECONDS))
            why = f"{reason.message} {left or ''}".rstrip()
            self._note(spec.execution, "killed" if left is None else "left", why)
            raise reason
        self.runtime.stop(container, TERM_SECONDS)
        return self.runtime.wait(container), reason.message

    def _check(self, spec: ContainerSpec, container: str) -> None:
        """What was made is what is approved: looked at before it is started."""
        self._insist(spec.request, spec.image.digest)
        found = self.runtime.settings(container)
        wrong = list(differences(spec.settings(self.runtime.unsupported()), found))
        if wrong:
            reason = f"Its container was not made as approved: {', '.join(wrong)}."
            if "image id" in wrong:
                reason += f" Image {spec.image.id} was approved, its is {found.image_id}."
            raise self._refusal(spec.request, reason, "See what stands before the Docker daemon.")

    def _kept(self, spec: ContainerSpec, end: ContainerEnd, stopped: str | None) -> ContainerResult:
        """What it left."""
        log_read = self._log(spec)
        kept = Collected() if stopped else self._outputs(spec)
        return ContainerResult(
            container=spec.execution,
            image=spec.request.image,
            digest=spec.image.digest,
            end=end,
            stopped=stopped,
            log=log_read.lines,
            log_lines_left_out=log_read.left_out,
            log_begins_late=log_read.begins_late,
            outputs=tuple(kept.files),
            refused=tuple(kept.refused),
            degraded=tuple(
                f"The daemon cannot limit {name}." for name in self.runtime.unsupported()
            ),
        )

    def _log(self, spec: ContainerSpec) -> ReadLog:
        check = patience(self.log_seconds, f"The log of container {spec.execution}", self.stop)
        return read_log(self.host, spec.execution, spec.request.log_bytes, self.redact, check)

    def _outputs(self, spec: ContainerSpec) -> Collected:
        room = spec.request.outputs
        if room is None:
            return Collected()
        with closing(self.runtime.outputs(spec)) as stream:
            found = collect(self._while_wanted(stream), room, self._secrets(spec))
        for folder in spec.image.volumes:
            if folder.startswith(f"{room.path}/"):
                path = folder.removeprefix(f"{room.path}/")
                found.refuse(path, "a volume that the image declares, which is not collected")
        return found

    def _while_wanted(self, stream: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in stream:
            self.stop.check()
            yield chunk

    def _secrets(self, spec: ContainerSpec) -> list[bytes]:
        """What would be redacted in text, as a file that is no text could hold it."""
        values = set(secrets_of(spec.request.environment, self.environment))
        return [value.encode(kind) for value in values if len(value) > 3 for kind in _ENCODINGS]

    def _removed(self, spec: ContainerSpec) -> str | None:
        """Remove all that was made; why not, where that takes too long or is refused."""
        left = within(self.cleanup_seconds, lambda: self.runtime.remove(spec.execution))
        self._note(spec.execution, "removed" if left is None else "left", left or "")
        return left and f"Container {spec.execution} is not removed yet: {left}"

    def _note(self, subject: str, outcome: str, reason: str) -> None:
        log.info("container %s %s", subject, outcome, extra={"run_id": self.caller.run_id})
        self.audit(AuditEvent(ACTION, subject, outcome, reason, self.caller.run_id))

    def _refusal(self, request: ContainerRequest, reason: str, hint: str) -> PolicyRefused:
        who = f"{reason} Asked by {self.caller.user}: {told(request)}"
        self.audit(AuditEvent(ACTION, request.image, "refused", who, self.caller.run_id))
        return PolicyRefused(reason, hint)
