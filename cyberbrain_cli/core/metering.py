"""What is counted for Prometheus: the names under which the records keep it, and its units."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MICRO = 10**6
"""Durations and times are kept in microseconds."""

NANO = 10**9
"""Money is kept in billionths of its currency: nine billion fit."""

OUTCOMES = (
    "ok", "cut", "http_error", "timeout", "connection_error", "cancelled", "bad_response",
)  # fmt: skip
"""What can become of a call to the model, as `LlmCall` has it."""

MOST_LABELS = 500
"""So many directives, and pairs of model and endpoint, are told apart; the others are `OTHER`."""

OTHER = "other"


class Meter(StrEnum):
    """Something that is counted, or is as it was at last."""

    RUNS_CREATED = "runs_created"
    RUNS_FINISHED = "runs_finished"
    RUNS_DEGRADED = "runs_degraded"
    JOBS_CREATED = "jobs_created"
    JOBS_FINISHED = "jobs_finished"
    JOB_TIME = "job_time"
    CALLS = "llm_calls"
    TOKENS = "llm_tokens"
    CALL_TIME = "llm_time"
    COST = "llm_cost"
    FINDINGS = "findings"
    LAST_SUCCESS = "last_success"
    LINES = "lines_read"
    REFUSALS = "refusals"


BUCKETS: dict[Meter, tuple[float, ...]] = {
    Meter.JOB_TIME: (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0),
    Meter.CALL_TIME: (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0),
}
"""Upper bounds of the histograms' buckets, in seconds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A counter's value by its labels. Of a histogram the last label is a bound, or `sum`."""

    meter: str
    labels: tuple[str, ...]
    value: int


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """How much of a limit that all runs share is used or set aside: 1 is all of it.

    `period` is `day` or `month`, `unit` is `tokens` or a currency.
    """

    period: str
    unit: str
    share: float


@dataclass(frozen=True, slots=True)
class Readings:
    """All counters at one moment, and how many runs are pending or running."""

    counters: tuple[Reading, ...]
    active_runs: int
    budgets: tuple[BudgetUse, ...] = ()
