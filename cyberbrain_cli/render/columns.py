"""The tables of the lists: which columns each has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import (
    AllowlistEntry,
    ArtifactCheck,
    ArtifactEntry,
    Cost,
    DirectiveEntry,
    ImageEntry,
    RunSummary,
)
from cyberbrain_cli.render import human
from cyberbrain_cli.render.tables import Column, Table

R = TypeVar("R")
STATUS_STYLES = {
    Status.SUCCEEDED: "good",
    Status.FAILED: "critical",
    Status.INTERRUPTED: "critical",
    Status.CANCELLED: "warning",
    Status.RUNNING: "info",
    Status.PENDING: "info",
}


@dataclass(frozen=True, slots=True)
class ContainerRow:
    """A container of the daemon, and what the allowlist says of it."""

    name: str
    id: str
    image: str
    state: str
    health: str | None
    compose_project: str | None
    compose_service: str | None
    allowed: bool
    reason: str


class SettingRow(Protocol):
    """A setting, its value and where that came from."""

    @property
    def key(self) -> str:
        """The setting's name, with dots."""

    @property
    def value(self) -> Any:
        """Its value, hidden when secret."""

    @property
    def origin(self) -> str:
        """File, environment, flag or default."""


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _setting(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, (list, dict)) else str(value)


def _status(run: RunSummary) -> str:
    return f"{run.status}, degraded" if run.degraded else str(run.status)


def _money(cost: Callable[[R], Cost]) -> tuple[Column[R], ...]:
    """Money in one column for people and in three for programs."""
    return (
        Column(
            "cost",
            lambda row: cost(row).amount,
            human=lambda row: human.cost(cost(row)),
            right=True,
        ),
        Column("currency", lambda row: cost(row).currency, csv_only=True),
        Column("unpriced_calls", lambda row: cost(row).unpriced_calls, csv_only=True),
    )


RUNS: Table[RunSummary] = Table(
    "runs",
    (
        Column("id", lambda run: run.id, right=True),
        Column("directive", lambda run: run.directive),
        Column(
            "status",
            lambda run: run.status,
            human=_status,
            style=lambda run: STATUS_STYLES[run.status],
        ),
        Column("degraded", lambda run: run.degraded, csv_only=True),
        Column("started_at", lambda run: run.started_at or run.created_at, human.moment),
        Column("duration_seconds", lambda run: run.duration_seconds, human.duration, right=True),
        Column("critical", lambda run: run.findings.get("critical", 0), right=True),
        Column("warning", lambda run: run.findings.get("warning", 0), right=True),
        Column("info", lambda run: run.findings.get("info", 0), right=True),
        Column("tokens", lambda run: run.tokens.total, human.number, right=True),
        *_money(lambda run: run.cost),
    ),
    "No runs.",
)

ARTIFACTS: Table[ArtifactEntry] = Table(
    "artifacts",
    (
        Column("id", lambda item: item.id, right=True),
        Column("run_id", lambda item: item.run_id, right=True),
        Column("job", lambda item: item.job_key),
        Column("kind", lambda item: item.kind),
        Column("size_bytes", lambda item: item.size_bytes, human.size, right=True),
        Column("created_at", lambda item: item.created_at, human.moment),
        Column("path", lambda item: item.path),
    ),
    "No artifacts.",
)

CHECKS: Table[ArtifactCheck] = Table(
    "artifacts",
    (
        Column("id", lambda item: item.id, right=True),
        Column("run_id", lambda item: item.run_id, right=True),
        Column(
            "status",
            lambda item: item.status,
            style=lambda item: "good" if item.status == "ok" else "critical",
        ),
        Column("path", lambda item: item.path),
    ),
    "No artifacts.",
)

ALLOWLIST: Table[AllowlistEntry] = Table(
    "allowlist",
    (
        Column("name", lambda entry: entry.name),
        Column("enabled", lambda entry: entry.enabled, _yes_no),
        Column("created_at", lambda entry: entry.created_at, human.moment),
        Column("note", lambda entry: entry.note),
    ),
    "The allowlist is empty: no container may be read. See `cyberbrain allowlist add`.",
)

IMAGES: Table[ImageEntry] = Table(
    "images",
    (
        Column("reference", lambda entry: entry.reference),
        Column("digest", lambda entry: entry.digest),
        Column("enabled", lambda entry: entry.enabled, _yes_no),
        Column("allows", lambda entry: " ".join(entry.allows)),
        Column("created_at", lambda entry: entry.created_at, human.moment),
        Column("note", lambda entry: entry.note),
    ),
    "No image is approved: none may be run. See `cyberbrain allowlist add --image`.",
)

CONTAINERS: Table[ContainerRow] = Table(
    "containers",
    (
        Column("name", lambda row: row.name),
        Column("allowed", lambda row: row.allowed, _yes_no, style=lambda row: "good" * row.allowed),
        Column("state", lambda row: row.state),
        Column("health", lambda row: row.health),
        Column("image", lambda row: row.image),
        Column("compose_project", lambda row: row.compose_project),
        Column("compose_service", lambda row: row.compose_service),
    ),
    "The daemon has no containers.",
)

DIRECTIVES: Table[DirectiveEntry] = Table(
    "directives",
    (
        Column("name", lambda row: row.name),
        Column("version", lambda row: row.version, right=True),
        Column("tasks", lambda row: ", ".join(row.tasks)),
        Column("valid", lambda row: not row.problems, _yes_no),
        Column("path", lambda row: row.path),
        Column("description", lambda row: row.description),
    ),
    "No directives were found. See `cyberbrain config show` for the folders.",
)

SETTINGS: Table[SettingRow] = Table(
    "settings",
    (
        Column("key", lambda row: row.key),
        Column("value", lambda row: row.value, _setting),
        Column("origin", lambda row: row.origin),
    ),
    "No settings.",
)
