"""What findings have to do with each other: chains of cause and effect, and the model's story."""

from __future__ import annotations

from dataclasses import dataclass

from cyberbrain_cli.core.timestamps import LogTime


@dataclass(frozen=True, slots=True)
class Link:
    """A container's part in a chain: its finding that is the cause, or names the cause.

    `cause` is the container that explains it and `because` is how that is known; the root has
    neither. `count` is how many events the finding has, from `first_seen` on.
    """

    container: str
    finding: str
    title: str
    count: int
    first_seen: LogTime
    cause: str | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """Containers in trouble of which each but the first is explained by one before it.

    `text` says the same in one line, the root first.
    """

    text: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """What the model `model` says happened, about the findings with these ids.

    The words are the model's and prove nothing. `not_shown` counts findings by rule that the
    model was not shown for lack of room.
    """

    text: str
    findings: tuple[str, ...]
    model: str
    not_shown: int = 0
