"""Which containers may be read: one place decides, for enforcement and explanation alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from cyberbrain_cli.core.directive import ContainerSelection
from cyberbrain_cli.core.records import AllowlistEntry, ContainerInfo, ImageEntry


class Permission(StrEnum):
    """What a container may have beyond the hardened default, if its image's approval allows it."""

    GPU = "gpu"
    NETWORK = "network"
    PULL = "pull"
    ROOT_USER = "root-user"
    WRITABLE_ROOT = "writable-root"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and why, in a sentence."""

    allowed: bool
    reason: str


def decide_container(name: str, entries: Sequence[AllowlistEntry]) -> Decision:
    """Whether the container of exactly this name may be read."""
    for entry in entries:
        if entry.name == name:
            if entry.enabled:
                return Decision(True, f"'{name}' is on the allowlist.")
            return Decision(False, f"'{name}' is on the allowlist but disabled.")
    return Decision(False, f"'{name}' is not on the allowlist.")


def decide_image(
    reference: str,
    digest: str,
    entries: Sequence[ImageEntry],
    wanted: Collection[Permission] = (),
) -> Decision:
    """Whether the image may be run: its reference is approved and still means the same digest.

    `wanted` is what its container is to have, which the approval must allow too.
    """
    for entry in entries:
        if entry.reference != reference:
            continue
        if not entry.enabled:
            return Decision(False, f"Image '{reference}' is approved but disabled.")
        if entry.digest != digest:
            return Decision(
                False, f"Image '{reference}' was approved as {entry.digest} and is now {digest}."
            )
        missing = sorted({item.value for item in wanted} - set(entry.allows))
        if missing:
            return Decision(
                False, f"The approval of image '{reference}' does not allow: {', '.join(missing)}."
            )
        also = f" It may have: {', '.join(entry.allows)}." if entry.allows else ""
        return Decision(True, f"Image '{reference}' is approved as {digest}.{also}")
    same = sorted(entry.reference for entry in entries if entry.digest == digest and entry.enabled)
    also = f" The same image is approved as '{same[0]}'." if same else ""
    return Decision(False, f"Image '{reference}' is not approved.{also}")


def is_glob(name: str) -> bool:
    """Whether a selection's name is a pattern; container names never hold these characters."""
    return any(character in name for character in "*?[")


@dataclass(frozen=True, slots=True)
class Selected:
    """The containers a job may read, exact names that are gone, and those refused with reasons."""

    containers: list[ContainerInfo] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def select(
    selection: ContainerSelection,
    inventory: Sequence[ContainerInfo],
    entries: Sequence[AllowlistEntry],
) -> Selected:
    """The part of the inventory that is selected and allowed.

    Globs, labels and Compose conditions only ever choose among allowed containers; an exact
    name that is not allowed is refused.
    """
    names = selection.names
    exact = [name for name in names if not is_glob(name)]
    known = {container.name for container in inventory}
    selected = Selected()
    for name in dict.fromkeys(exact):
        decision = decide_container(name, entries)
        if not decision.allowed:
            selected.refused[name] = decision.reason
        elif name not in known:
            selected.missing.append(name)
    for container in inventory:
        named = not names or any(fnmatchcase(container.name, name) for name in names)
        if (
            named
            and _fits(container, selection)
            and decide_container(container.name, entries).allowed
        ):
            selected.containers.append(container)
    return selected


def _fits(container: ContainerInfo, selection: ContainerSelection) -> bool:
    labels = selection.labels.items()
    return (
        all(container.labels.get(key) == value for key, value in labels)
        and selection.compose_project in (None, container.compose_project)
        and selection.compose_service in (None, container.compose_service)
    )
