"""The engine's parts, from the services of one process."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING

from cyberbrain_cli.adapters import system
from cyberbrain_cli.adapters.gpus import SystemGpus
from cyberbrain_cli.adapters.messenger import AppriseMessenger
from cyberbrain_cli.config.settings import NotifySettings, TargetSettings
from cyberbrain_cli.core.ports import Progress
from cyberbrain_cli.core.redaction import Redactor
from cyberbrain_cli.core.worker import TaskParams, Worker
from cyberbrain_cli.engine.parts import Parts
from cyberbrain_cli.render.documents import MarkdownDocuments
from cyberbrain_cli.wiring.models import ConfiguredModels

if TYPE_CHECKING:
    from cyberbrain_cli.wiring import Services


def parts_of(
    services: Services,
    progress: Progress,
    workers: Mapping[str, Worker],
    params: Iterable[TaskParams],
) -> Parts:
    """Everything that a launch works with. Opens the database; Docker when it is used.

    What the `params` of its jobs keep secret is redacted in all that the launch writes.
    """
    settings = services.settings
    models = ConfiguredModels(settings.llm, settings.prices)
    secrets = [secret for each in params for secret in each.secrets(os.environ)]
    identity = system.identity()
    return Parts(
        journal=services.journal,
        history=services.reports,
        locks=services.locks,
        host=services.host,
        gpus=SystemGpus(),
        runtime=services.runtime,
        artifacts=services.artifacts,
        documents=MarkdownDocuments(),
        models=models,
        clock=system.SystemClock(),
        progress=progress,
        identity=identity,
        workers=workers,
        redact=Redactor(extra_secrets=[*models.secrets(), *secrets]).redact,
        budget=settings.budget,
        max_parallel=settings.max_parallel,
        environment=os.environ,
        owner=_owner(identity.host, services.reports.identity),
        messenger=_messenger(settings.notify),
    )


def _messenger(settings: NotifySettings) -> AppriseMessenger:
    def urls(named: Mapping[str, TargetSettings]) -> dict[str, str]:
        return {name: target.url.get_secret_value() for name, target in named.items()}

    return AppriseMessenger(urls(settings.targets), urls(settings.pings), settings.timeout_seconds)


def _owner(host: str, database: str) -> str:
    """The records on this host, as a label: enough to know them, nothing to learn from."""
    return blake2b(f"{host}\0{database}".encode(), digest_size=12).hexdigest()
