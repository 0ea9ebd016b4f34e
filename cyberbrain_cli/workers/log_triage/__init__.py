"""Log triage: what is wrong in the logs of the allowed containers, with evidence."""

from __future__ import annotations

from cyberbrain_cli.core.worker import Worker
from cyberbrain_cli.workers.log_triage.params import LogTriageParams
from cyberbrain_cli.workers.log_triage.run import run
from cyberbrain_cli.workers.log_triage.telling import tokens_at_most

WORKER = Worker(
    key="log_triage",
    summary="Finds what is wrong in container logs: rules first, then a model that explains.",
    params=LogTriageParams,
    run=run,
    reads_logs=True,
    uses_llm=True,
    tokens_at_most=tokens_at_most,
)
