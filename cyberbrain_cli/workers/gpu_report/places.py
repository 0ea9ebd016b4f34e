"""What of a GPU has memory of its own, so that one container can be in another's way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cyberbrain_cli.workers.gpu_report.model import Figures, Gpu, User, label


@dataclass(frozen=True, slots=True)
class Place:
    """What has memory of its own: a GPU, or each of its parts where it is cut into some."""

    uuid: str
    title: str
    total_bytes: int | None
    used: Figures | None
    users: tuple[User, ...]


def places(gpu: Gpu) -> tuple[Place, ...]:
    """The GPU, or its parts."""
    title = label(gpu.vendor, gpu.index)
    if not gpu.instances:
        used = gpu.measured.memory_used_bytes
        return (Place(gpu.uuid, title, gpu.memory_total_bytes, used, gpu.users),)
    return tuple(
        Place(
            part.uuid, f"{title}, part {part.index},", part.memory_total_bytes,
            part.memory_used_bytes,
            tuple(user for user in gpu.users if user.instance == part.uuid),
        )
        for part in gpu.instances
    )  # fmt: skip


def containers(users: Iterable[User]) -> list[User]:
    """Those users that are containers."""
    return [user for user in users if user.kind in ("container", "not_allowed")]
