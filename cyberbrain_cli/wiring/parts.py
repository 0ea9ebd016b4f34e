"""The engine's parts, from the services of one process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cyberbrain_cli.adapters import system
from cyberbrain_cli.adapters.gpus import SystemGpus
from cyberbrain_cli.core.ports import Progress
from cyberbrain_cli.core.redaction import Redactor
from cyberbrain_cli.core.worker import Worker
from cyberbrain_cli.engine.parts import Parts
from cyberbrain_cli.render.documents import MarkdownDocuments
from cyberbrain_cli.wiring.models import ConfiguredModels

if TYPE_CHECKING:
    from cyberbrain_cli.wiring import Services


def parts_of(services: Services, progress: Progress, workers: Mapping[str, Worker]) -> Parts:
    """Everything that a launch works with. Opens the database; Docker when it is used."""
    settings = services.settings
    models = ConfiguredModels(settings.llm, settings.prices)
    return Parts(
        journal=services.journal,
        history=services.reports,
        locks=services.locks,
        host=services.host,
        gpus=SystemGpus(),
        artifacts=services.artifacts,
        documents=MarkdownDocuments(),
        models=models,
        clock=system.SystemClock(),
        progress=progress,
        identity=system.identity(),
        workers=workers,
        redact=Redactor(extra_secrets=models.secrets()).redact,
        budget=settings.budget,
        max_parallel=settings.max_parallel,
    )
