"""What the engine is made of: everything comes in from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cyberbrain_cli.core.directive import Budget
from cyberbrain_cli.core.notice import Messenger
from cyberbrain_cli.core.ports import (
    ArtifactStore,
    Clock,
    ContainerHost,
    ContainerRuntime,
    Documents,
    Gpus,
    History,
    Identity,
    Journal,
    Locks,
    Models,
    Progress,
)
from cyberbrain_cli.core.worker import Worker


@dataclass(frozen=True, slots=True)
class Parts:
    """The real or fake things that a launch works with.

    `environment` is the caller's. `owner` names the records, on this host: containers that are
    run bear it as a label, and what is left of them is known by it.
    """

    journal: Journal
    history: History
    locks: Locks
    host: ContainerHost
    gpus: Gpus
    runtime: ContainerRuntime
    artifacts: ArtifactStore
    documents: Documents
    models: Models
    clock: Clock
    progress: Progress
    identity: Identity
    workers: Mapping[str, Worker]
    redact: Callable[[str], str]
    budget: Budget
    max_parallel: int
    environment: Mapping[str, str]
    owner: str
    messenger: Messenger
