"""The records as Prometheus sees them: which families there are, computed from the counters."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from cyberbrain_cli import __version__
from cyberbrain_cli.core.findings import FindingState, Severity
from cyberbrain_cli.core.lifecycle import ENDED, Status
from cyberbrain_cli.core.metering import (
    BUCKETS,
    MICRO,
    NANO,
    OUTCOMES,
    BudgetUse,
    Meter,
    Reading,
    Readings,
)

_ENDS = tuple(status.value for status in Status if status in ENDED)
_LAST_LABELS = {
    Meter.RUNS_FINISHED: _ENDS,
    Meter.JOBS_FINISHED: _ENDS,
    Meter.CALLS: OUTCOMES,
}
"""All that the last label can be. What never happened is there as 0, or its first time would be
no increase to Prometheus: a series that begins with 5 has not grown."""


@dataclass(frozen=True, slots=True)
class _Family:
    """How a counter of the records is shown."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    unit: int = 1
    kind: str = "counter"


FAMILIES: Mapping[Meter, _Family] = {
    Meter.RUNS_CREATED: _Family("runs_created", "Runs that were recorded."),
    Meter.RUNS_FINISHED: _Family(
        "runs_finished", "Runs that ended, by how.", ("directive", "status")
    ),
    Meter.RUNS_DEGRADED: _Family(
        "runs_degraded", "Runs that did without something optional.", ("directive",)
    ),
    Meter.JOBS_CREATED: _Family("jobs_created", "Jobs that were recorded.", ("task",)),
    Meter.JOBS_FINISHED: _Family("jobs_finished", "Jobs that ended, by how.", ("task", "status")),
    Meter.JOB_TIME: _Family(
        "jobs_duration_seconds", "How long jobs took.", ("task",), MICRO, "histogram"
    ),
    Meter.CALLS: _Family(
        "llm_calls", "Requests to the model, retries included.", ("model", "endpoint", "outcome")
    ),
    Meter.TOKENS: _Family(
        "llm_tokens",
        "Tokens by kind; cached ones are among the prompt's, reasoning among the completion's.",
        ("model", "kind"),
    ),
    Meter.CALL_TIME: _Family(
        "llm_request_duration_seconds", "How long requests took.", ("model",), MICRO, "histogram"
    ),
    Meter.COST: _Family("llm_cost", "Money spent on the model.", ("model", "currency"), NANO),
    Meter.FINDINGS: _Family(
        "findings",
        "Findings of each directive's last run.",
        ("directive", "severity", "state"),
        kind="gauge",
    ),
    Meter.LAST_SUCCESS: _Family(
        "run_last_success_timestamp_seconds",
        "When a directive's run last succeeded.",
        ("directive",),
        MICRO,
        "gauge",
    ),
    Meter.LINES: _Family("log_lines_read", "Log lines that were read."),
    Meter.REFUSALS: _Family("policy_refusals", "Accesses that policy refused."),
}


def families(readings: Readings) -> Iterator[Metric]:
    """Every family; one without a value is there all the same, as far as it has no labels."""
    by_meter: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings.counters:
        by_meter[reading.meter].append(reading)
    by_meter[Meter.RUNS_DEGRADED] = [
        *_none_degraded(by_meter[Meter.RUNS_FINISHED]),
        *by_meter["runs_degraded"],
    ]
    by_meter[Meter.FINDINGS] = [*_none_found(by_meter[Meter.LAST_SUCCESS]), *by_meter["findings"]]
    for meter, family in FAMILIES.items():
        yield _metric(meter, family, by_meter[meter.value])
    active = GaugeMetricFamily("cyberbrain_active_runs", "Runs that are pending or running.")
    active.add_metric((), readings.active_runs)
    yield active
    yield _budgets(readings.budgets)
    build = GaugeMetricFamily(
        "cyberbrain_build_info", "The version of this program.", labels=("version", "python")
    )
    build.add_metric((__version__, platform.python_version()), 1)
    yield build


def _none_degraded(ends: Iterable[Reading]) -> Iterator[Reading]:
    for end in ends:
        yield Reading(Meter.RUNS_DEGRADED, (end.labels[0], "", ""), 0)


def _none_found(successes: Iterable[Reading]) -> Iterator[Reading]:
    """0 for whatever could have been found: "no data" would not say that all is well."""
    for success in successes:
        for severity in Severity:
            for state in FindingState:
                yield Reading(Meter.FINDINGS, (success.labels[0], severity, state), 0)


def _budgets(budgets: Iterable[BudgetUse]) -> Metric:
    metric = GaugeMetricFamily(
        "cyberbrain_budget_used_ratio",
        "Used of the configuration's budgets, what calls in progress may need included.",
        labels=("period", "unit"),
    )
    for budget in budgets:
        metric.add_metric((budget.period, budget.unit), budget.share)
    return metric


def _metric(meter: Meter, family: _Family, readings: Iterable[Reading]) -> Metric:
    name, labels = f"cyberbrain_{family.name}", family.labels
    if family.kind == "histogram":
        return _histogram(meter, HistogramMetricFamily(name, family.help, labels=labels), readings)
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(name, family.help, labels=labels)
    values = {reading.labels[: len(labels)]: reading.value for reading in readings}
    if not labels:
        values.setdefault((), 0)
    for key in list(values):
        for last in _LAST_LABELS.get(meter, ()):
            values.setdefault((*key[:-1], last), 0)
    for key, value in sorted(values.items()):
        metric.add_metric(key, value / family.unit if family.unit > 1 else value)
    return metric


def _histogram(
    meter: Meter, metric: HistogramMetricFamily, readings: Iterable[Reading]
) -> HistogramMetricFamily:
    """Buckets are kept each for itself and shown as Prometheus has them: each with all below."""
    parts: dict[str, dict[str, int]] = defaultdict(dict)
    for reading in readings:
        parts[reading.labels[0]][reading.labels[1]] = reading.value
    for label, part in sorted(parts.items()):
        total, buckets = 0, []
        for bound in (*map(str, BUCKETS[meter]), "+Inf"):
            total += part.get(bound, 0)
            buckets.append((bound, total))
        metric.add_metric((label,), buckets, part.get("sum", 0) / MICRO)
    return metric
