"""What lists and checks show, and what policy decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ArtifactEntry:
    """An artifact in a list of many runs' artifacts."""

    id: int
    run_id: int
    job_key: str
    kind: str
    media_type: str
    path: str
    size_bytes: int
    sha256: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AllowlistEntry:
    """A container that may be read: its exact name."""

    name: str
    enabled: bool
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """An image that may be run: the reference asked for and the digest it was pinned to.

    `allows` names what its containers may have beyond the hardened default, in order.
    """

    reference: str
    digest: str
    enabled: bool
    note: str
    created_at: datetime
    allows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DirectiveEntry:
    """A directive file as a list shows it; one that is not valid carries its problems."""

    name: str
    version: int | None
    description: str
    path: str
    tasks: tuple[str, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArtifactCheck:
    """What `artifacts verify` found: `status` is ok, missing or altered."""

    id: int
    run_id: int
    path: str
    status: str


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something policy decided that an operator may want to look up later."""

    action: str
    subject: str
    outcome: str
    reason: str
    run_id: int | None = None
