"""Service map: what runs on this host and who talks to whom, from the running state."""

from __future__ import annotations

from cyberbrain_cli.core.worker import Worker
from cyberbrain_cli.workers.service_map.params import ServiceMapParams
from cyberbrain_cli.workers.service_map.run import run

WORKER = Worker(
    key="service_map",
    summary="Maps what runs here and who talks to whom, with evidence, findings and drift.",
    params=ServiceMapParams,
    run=run,
)
