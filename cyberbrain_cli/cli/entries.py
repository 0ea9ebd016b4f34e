"""The two halves of the allowlist behind one face: containers by name, images by reference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cyberbrain_cli.core.allowlist import decide_container, decide_image
from cyberbrain_cli.core.errors import NotFound, UsageError

if TYPE_CHECKING:
    from cyberbrain_cli.wiring import Services

_CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*\Z")


@dataclass(frozen=True, slots=True)
class Explained:
    """Whether something is allowed, and why."""

    name: str
    allowed: bool
    reason: str


class Entries(Protocol):
    """One half of the allowlist."""

    def check(self, names: Sequence[str]) -> None:
        """Raise UsageError or NotFound for a name that cannot be added."""

    def has(self, name: str) -> bool:
        """Whether the name has an entry."""

    def add(self, name: str, note: str | None, allows: Sequence[str]) -> bool:
        """Allow it; False when nothing changed."""

    def switch(self, name: str, *, enabled: bool) -> bool:
        """Enable or disable the entry; False when nothing changed."""

    def remove(self, name: str) -> bool:
        """Remove the entry; False when there was none."""

    def explain(self, name: str) -> Explained:
        """The decision that enforcement would take."""


@dataclass(frozen=True, slots=True)
class Containers:
    """Containers that may be read."""

    services: Services

    def check(self, names: Sequence[str]) -> None:
        """Raise UsageError for what no container can be called, globs above all."""
        for name in names:
            if not _CONTAINER_NAME.match(name):
                raise UsageError(
                    f"'{name}' is not a container's name.",
                    "The allowlist takes exact names; globs belong into directives.",
                )

    def has(self, name: str) -> bool:
        """Whether the container has an entry."""
        return any(entry.name == name for entry in self.services.reports.allowlist())

    def add(self, name: str, note: str | None, allows: Sequence[str]) -> bool:
        """Allow the container to be read. Raises UsageError for permissions, which it has not."""
        if allows:
            raise UsageError("--allow is for images.", "Add --image.")
        return self.services.journal.set_container(name, enabled=True, note=note)

    def switch(self, name: str, *, enabled: bool) -> bool:
        """Enable or disable the entry."""
        return self.services.journal.set_container(name, enabled=enabled)

    def remove(self, name: str) -> bool:
        """Remove the entry."""
        return self.services.journal.remove_container(name)

    def explain(self, name: str) -> Explained:
        """Whether the container may be read."""
        decision = decide_container(name, self.services.reports.allowlist())
        return Explained(name, decision.allowed, decision.reason)


@dataclass(frozen=True, slots=True)
class Images:
    """Images that may be run, each pinned to a digest."""

    services: Services

    def check(self, names: Sequence[str]) -> None:
        """Raise NotFound for an image that the daemon does not have."""
        for name in names:
            self.services.host.resolve_image(name)

    def has(self, name: str) -> bool:
        """Whether the image has an entry."""
        return self._digest(name) is not None

    def add(self, name: str, note: str | None, allows: Sequence[str]) -> bool:
        """Approve the image as what its reference means now, with these permissions alone."""
        digest = self.services.host.resolve_image(name)
        journal = self.services.journal
        return journal.set_image(name, digest, enabled=True, note=note, allows=allows)

    def switch(self, name: str, *, enabled: bool) -> bool:
        """Enable or disable the approval, of the same digest as before."""
        return self.services.journal.set_image(name, self._digest(name) or "", enabled=enabled)

    def remove(self, name: str) -> bool:
        """Withdraw the approval."""
        return self.services.journal.remove_image(name)

    def explain(self, name: str) -> Explained:
        """Whether the image may be run."""
        try:
            digest = self.services.host.resolve_image(name)
        except NotFound:
            return Explained(name, False, f"The daemon has no image '{name}'.")
        decision = decide_image(name, digest, self.services.reports.images())
        return Explained(name, decision.allowed, decision.reason)

    def _digest(self, name: str) -> str | None:
        entries = self.services.reports.images()
        return next((entry.digest for entry in entries if entry.reference == name), None)


def of(services: Services, *, image: bool) -> Entries:
    """The half of the allowlist that is meant."""
    return Images(services) if image else Containers(services)
