"""GPU report: which container uses which GPU, how much of it, and whether that is trouble."""

from __future__ import annotations

from cyberbrain_cli.core.worker import Worker
from cyberbrain_cli.workers.gpu_report.params import GpuReportParams
from cyberbrain_cli.workers.gpu_report.run import run

WORKER = Worker(
    key="gpu_report",
    summary="Tells which container uses which GPU, how much of it, and whether that is trouble.",
    params=GpuReportParams,
    run=run,
)
