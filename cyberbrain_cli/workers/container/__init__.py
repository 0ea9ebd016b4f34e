"""Container: run an approved image to its end and keep what it makes."""

from __future__ import annotations

from cyberbrain_cli.core.worker import Worker
from cyberbrain_cli.workers.container.params import ContainerParams
from cyberbrain_cli.workers.container.run import run

WORKER = Worker(
    key="container",
    summary="Runs an approved image to its end, confined, and keeps its log and outputs.",
    params=ContainerParams,
    run=run,
)
