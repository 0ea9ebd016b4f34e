"""The records as Prometheus sees them: families computed from the counters at scrape time."""

from __future__ import annotations

import json
import platform
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from cyberbrain_cli import __version__
from cyberbrain_cli.core.metering import (
    BUCKETS,
    MICRO,
    NANO,
    BudgetUse,
    Meter,
    Reading,
    Readings,
)

SCHEMA_VERSION = 1
FRESH_SECONDS = 2.0
"""Scrapes within this time of each other share one reading."""


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


@dataclass(slots=True, eq=False)
class Exposition(Collector):
    """The figures in every form. `read` asks the records, once for scrapes close together.

    Every method raises what `read` raises. `last_ok_at` is when the records last answered.
    """

    read: Callable[[], Readings]
    now: Callable[[], float] = time.monotonic
    last_ok_at: datetime | None = None
    _readings: Readings | None = None
    _read_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def readings(self) -> Readings:
        """The figures, at most FRESH_SECONDS old."""
        with self._lock:
            if self._readings is None or self.now() - self._read_at > FRESH_SECONDS:
                self._readings = self.read()
                self._read_at, self.last_ok_at = self.now(), datetime.now(UTC)
            return self._readings

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: it spares the registry a reading when it is made."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family, for prometheus_client."""
        return families(self.readings())

    def registry(self) -> CollectorRegistry:
        """A registry of these figures alone."""
        found = CollectorRegistry(auto_describe=False)
        found.register(self)
        return found

    def text(self, accept: str | None = None) -> tuple[bytes, str]:
        """The figures in the form that a scraper accepts, and its media type."""
        encoder, media_type = choose_encoder(accept or "")
        return encoder(self.registry()), media_type

    def plain(self) -> bytes:
        """The figures in Prometheus' own text form, for files."""
        return generate_latest(self.registry())

    def json(self) -> bytes:
        """The same figures as JSON."""
        document = {
            "schema_version": SCHEMA_VERSION,
            "metrics": [_plain(metric) for metric in self.collect()],
        }
        return (json.dumps(document, ensure_ascii=False) + "\n").encode()


def _plain(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "type": metric.type,
        "help": metric.documentation,
        "samples": [
            {"name": sample.name, "labels": sample.labels, "value": sample.value}
            for sample in metric.samples
        ],
    }
