"""Who uses a GPU: its processes by container, and containers that were given it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cyberbrain_cli.core.records import GpuClaim, GpuFacts, GpuOwner, GpuSample, GpuUse
from cyberbrain_cli.workers.gpu_report.model import User

_NOBODY = GpuOwner("hidden")


@dataclass(slots=True)
class _Held:
    """What one user held at its most, over the samples."""

    pids: set[int]
    most: int | None = None


def pids_of(samples: Iterable[GpuSample]) -> set[int]:
    """Every process that was seen on a GPU."""
    return {one.pid for sample in samples for one in sample.processes or ()}


def users_of(facts: GpuFacts, samples: Sequence[GpuSample], use: GpuUse) -> tuple[User, ...]:
    """The users of one GPU, those with most memory first."""
    held: dict[GpuOwner, _Held] = {}
    for sample in samples:
        now: dict[GpuOwner, int | None] = {}
        for process in sample.processes or ():
            owner = use.owners.get(process.pid, _NOBODY)
            held.setdefault(owner, _Held(set())).pids.add(process.pid)
            now[owner] = _sum(now.get(owner), process.used_bytes)
        for owner, size in now.items():
            held[owner].most = _most(held[owner].most, size)
    users = [_user(owner, one) for owner, one in held.items()]
    seen = {user.container for user in users}
    users += [
        User("container", claim.container, None, 0, "claim")
        for claim in use.claims
        if claim.container not in seen and _means(claim, facts)
    ]
    return tuple(
        sorted(users, key=lambda user: (-(user.memory_bytes or 0), user.kind, user.container or ""))
    )


def _user(owner: GpuOwner, held: _Held) -> User:
    kind = owner.kind if owner.kind != "container" or owner.listed else "not_allowed"
    name = owner.container if owner.listed else None
    return User(kind, name, held.most, len(held.pids), "process")


def _means(claim: GpuClaim, facts: GpuFacts) -> bool:
    """Whether a container was given this GPU; a mere count may mean any."""
    if claim.count:
        return True
    own = (facts.uuid, str(facts.index), "all")
    parts = tuple(part.uuid for part in facts.instances)
    return any(device in own or device in parts for device in claim.devices)


def _sum(before: int | None, more: int | None) -> int | None:
    return before if more is None else (before or 0) + more


def _most(before: int | None, now: int | None) -> int | None:
    return before if now is None else max(before or 0, now)
