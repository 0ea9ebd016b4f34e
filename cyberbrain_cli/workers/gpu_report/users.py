"""Who uses a GPU: its processes by container, and containers that were given it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from cyberbrain_cli.core.ports import ContainerHost
from cyberbrain_cli.core.records import (
    GpuClaim,
    GpuFacts,
    GpuOwner,
    GpuProcess,
    GpuSample,
)
from cyberbrain_cli.workers.gpu_report.claims import given
from cyberbrain_cli.workers.gpu_report.model import User

_NOBODY = GpuOwner("hidden")


@dataclass(slots=True)
class Crowd:
    """Everyone who was met on a GPU, and what containers were given.

    Owners are asked for as soon as a process is seen, since it may be gone a moment later.
    """

    host: ContainerHost
    owners: dict[int, GpuOwner] = field(default_factory=dict)
    claims: tuple[GpuClaim, ...] = ()
    problem: str | None = None

    def meet(self, samples: Iterable[GpuSample]) -> None:
        """Ask whose the processes are that were not there before."""
        pids = {one.pid for sample in samples for one in sample.processes or ()}
        strangers = pids - self.owners.keys()
        if strangers:
            found = self.host.gpu_use(sorted(strangers), ())
            self.owners |= dict.fromkeys(strangers, _NOBODY) | found.owners

    def ask_claims(self, allowed: Collection[str]) -> None:
        """Ask what the containers of these names were given."""
        found = self.host.gpu_use((), allowed)
        self.claims, self.problem = found.claims, found.problem


@dataclass(slots=True)
class _Held:
    """What one user held at its most, over the samples."""

    pids: set[int]
    most: int | None = None


def users_of(facts: GpuFacts, samples: Sequence[GpuSample], crowd: Crowd) -> tuple[User, ...]:
    """The users of one GPU and its parts, those with most memory first."""
    held: dict[tuple[GpuOwner, str | None], _Held] = {}
    for sample in samples:
        for key, processes in _by_owner(sample.processes or (), crowd).items():
            one = held.setdefault(key, _Held(set()))
            one.pids |= {process.pid for process in processes}
            one.most = _most(one.most, _sum(processes))
    users = [_user(owner, place, one) for (owner, place), one in held.items()]
    seen = {user.container for user in users}
    users += [
        User("container", claim.container, None, 0, "claim" if claim.heeded else "variable", place)
        for claim in crowd.claims
        if claim.container not in seen
        for place in sorted(given(claim, facts), key=str)
    ]
    return tuple(sorted(users, key=_order))


def _by_owner(
    processes: Iterable[GpuProcess], crowd: Crowd
) -> dict[tuple[GpuOwner, str | None], list[GpuProcess]]:
    found: dict[tuple[GpuOwner, str | None], list[GpuProcess]] = {}
    for process in processes:
        owner = crowd.owners.get(process.pid, _NOBODY)
        found.setdefault((owner, process.instance), []).append(process)
    return found


def _order(user: User) -> tuple[int, str, str, str]:
    return -(user.memory_bytes or 0), user.kind, user.container or "", user.instance or ""


def _user(owner: GpuOwner, place: str | None, held: _Held) -> User:
    kind = owner.kind if owner.kind != "container" or owner.listed else "not_allowed"
    name = owner.container if owner.listed else None
    return User(kind, name, held.most, len(held.pids), "process", place)


def _sum(processes: Iterable[GpuProcess]) -> int | None:
    """What they hold together; None where no process says it."""
    known = [one.used_bytes for one in processes if one.used_bytes is not None]
    return sum(known) if known else None


def _most(before: int | None, now: int | None) -> int | None:
    return before if now is None else max(before or 0, now)
