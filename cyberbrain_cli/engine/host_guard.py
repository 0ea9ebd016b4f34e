"""The one guard that every Docker call passes which names a container: allowlist → Docker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from cyberbrain_cli.core.allowlist import decide_container
from cyberbrain_cli.core.errors import PolicyRefused
from cyberbrain_cli.core.ports import ContainerHost, LogBatch, Window
from cyberbrain_cli.core.records import (
    AllowlistEntry,
    AuditEvent,
    ContainerInfo,
    GpuUse,
    Survey,
)
from cyberbrain_cli.core.veil import veiled, veiled_gpu_use


class GuardedHost:
    """A host of which only the allowed containers can be seen; implements ContainerHost.

    What counts is the name that the daemon itself gives for the id at the time of the call. A
    record with a forged name gets no further, nor does a container that was renamed meanwhile.
    """

    def __init__(
        self,
        host: ContainerHost,
        entries: Sequence[AllowlistEntry],
        audit: Callable[[AuditEvent], None],
        run_id: int | None = None,
    ) -> None:
        self._host = host
        self._entries = entries
        self._audit = audit
        self._run_id = run_id

    def containers(self) -> list[ContainerInfo]:
        """The allowed containers, ordered by name."""
        return [
            container
            for container in self._host.containers()
            if decide_container(container.name, self._entries).allowed
        ]

    def inspect(self, container: str) -> ContainerInfo:
        """One allowed container in full. Raises NotFound or PolicyRefused."""
        found = self._host.inspect(container)
        self._insist(found.name, "inspect")
        return found

    def now_ns(self) -> int:
        """The daemon's clock."""
        return self._host.now_ns()

    def read_logs(self, container: ContainerInfo, window: Window) -> Iterator[LogBatch]:
        """The lines of an allowed container within the window. Raises PolicyRefused."""
        return self._host.read_logs(self._real(container, "read_logs"), window)

    def first_log_time(self, container: ContainerInfo) -> int | None:
        """The time of an allowed container's oldest line. Raises PolicyRefused."""
        return self._host.first_log_time(self._real(container, "read_logs"))

    def survey(
        self, names: Collection[str], *, connections: bool = True, name_others: bool = False
    ) -> Survey:
        """The allowed containers of these names in full, all others veiled. Raises PolicyRefused.

        A container that was renamed meanwhile counts by the name that it has now.
        """
        for name in names:
            self._insist(name, "survey")
        found = self._host.survey(names, connections=connections)
        allowed = {name for name in names if decide_container(name, self._entries).allowed}
        return veiled(found, allowed.__contains__, name_others=name_others)

    def gpu_use(self, pids: Collection[int], names: Collection[str]) -> GpuUse:
        """Whose processes these are: of those not allowed only that they are there.

        Raises PolicyRefused.
        """
        for name in names:
            self._insist(name, "gpu_use")
        found = self._host.gpu_use(pids, names)
        return veiled_gpu_use(found, lambda name: decide_container(name, self._entries).allowed)

    def resolve_image(self, reference: str) -> str:
        """What an image reference means today; names no container."""
        return self._host.resolve_image(reference)

    def _real(self, claimed: ContainerInfo, action: str) -> ContainerInfo:
        """The container as the daemon knows it now, if it is the one that is claimed."""
        self._insist(claimed.name, action)
        real = self._host.inspect(claimed.id)
        self._insist(real.name, action)
        if (real.id, real.name) != (claimed.id, claimed.name):
            reason = f"'{claimed.name}' is not the container that was chosen; now it is another."
            raise self._refusal(claimed.name, action, reason, "Launch again.")
        return real

    def _insist(self, name: str, action: str) -> None:
        decision = decide_container(name, self._entries)
        if not decision.allowed:
            raise self._refusal(name, action, decision.reason, f"cyberbrain allowlist add {name}")

    def _refusal(self, name: str, action: str, reason: str, hint: str) -> PolicyRefused:
        self._audit(AuditEvent(action, name, "refused", reason, self._run_id))
        return PolicyRefused(reason, hint)
