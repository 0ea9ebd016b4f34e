"""A daemon that runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cyberbrain_cli.core.records import ContainerEnd, ContainerRequest, ContainerResult
from cyberbrain_cli.testing.clock import START


@dataclass
class FakeRunner:
    """Containers that end at once; implements `core.ports.ContainerRunner`.

    `result` is what comes of each, a function of the request or an error to raise; without one
    it succeeds and says nothing. What was asked for is in `requests`. Images that are `unlisted`
    are not on the allowlist.
    """

    result: ContainerResult | Exception | Callable[[ContainerRequest], ContainerResult] | None = (
        None
    )
    requests: list[ContainerRequest] = field(default_factory=list)
    unlisted: set[str] = field(default_factory=set)

    def lists(self, image: str) -> bool:
        """Whether it is not among the `unlisted`."""
        return image not in self.unlisted

    def run(self, request: ContainerRequest) -> ContainerResult:
        """What was prepared."""
        self.requests.append(request)
        if isinstance(self.result, Exception):
            raise self.result
        if isinstance(self.result, ContainerResult):
            return self.result
        if self.result is not None:
            return self.result(request)
        end = ContainerEnd(0, oom_killed=False, started_at=START, finished_at=START)
        return ContainerResult("fake", request.image, "sha256:fake", end)
