"""Running containers: what the daemon can do, and what a worker may."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from cyberbrain_cli.core.records import (
    ContainerEnd,
    ContainerRequest,
    ContainerResult,
    ContainerSettings,
    ContainerSpec,
    ImageFacts,
    Leftover,
)


class ContainerRuntime(Protocol):
    """A Docker daemon that runs containers. Raises DockerUnavailable, or RunFailed if it refuses.

    Nothing here waits without an end for a daemon that hangs.
    """

    def image(self, reference: str) -> ImageFacts:
        """What a reference means today. Raises NotFound."""
        ...

    def pull(self, reference: str) -> None:
        """Fetch an image from its registry."""
        ...

    def unsupported(self) -> tuple[str, ...]:
        """The limits that this daemon cannot set: memory, cpus, pids."""
        ...

    def create(self, spec: ContainerSpec) -> str:
        """Make the container and all that belongs to it, inputs in place; its id."""
        ...

    def settings(self, container: str) -> ContainerSettings:
        """What confines a container that was created, as the daemon has it."""
        ...

    def start(self, container: str) -> None:
        """Start it."""
        ...

    def wait(self, container: str) -> ContainerEnd:
        """Wait for its end, however long that takes."""
        ...

    def stop(self, container: str, grace_seconds: int) -> None:
        """Ask it to end, and make it when the grace is over."""
        ...

    def outputs(self, spec: ContainerSpec) -> Generator[bytes, None, None]:
        """The folder of outputs as a tar stream, which the container has written."""
        ...

    def remove(self, execution: str) -> None:
        """Remove all that belongs to an execution, running or not."""
        ...

    def leftovers(self, owner: str) -> tuple[Leftover, ...]:
        """The executions with this owner of which there is anything, ended or not."""
        ...


class ContainerRunner(Protocol):
    """The daemon as a worker may use it: approved images, hardened, audited, cleaned up."""

    def lists(self, image: str) -> bool:
        """Whether the image is on the allowlist at all, be its approval in force or not."""
        ...

    def run(self, request: ContainerRequest) -> ContainerResult:
        """Run a container to its end, or until the job is to stop.

        Raises PolicyRefused for what is not approved, NotFound for an image that is not there,
        RunFailed for what the daemon refuses, Cancelled.
        """
        ...
