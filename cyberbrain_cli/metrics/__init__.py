"""The figures for Prometheus in every form, read from the records when somebody wants them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from cyberbrain_cli.core.errors import DatabaseUnavailable
from cyberbrain_cli.core.metering import Readings
from cyberbrain_cli.metrics.families import families

SCHEMA_VERSION = 1
FRESH_SECONDS = 2.0
"""Scrapes within this time of each other share one reading."""


@dataclass(slots=True, eq=False)
class _Reading:
    """One asking of the records, for all who want to know in the meantime."""

    done: threading.Event = field(default_factory=threading.Event)
    readings: Readings | None = None
    failure: BaseException | None = None
    ended_at: float = 0.0


@dataclass(slots=True, eq=False)
class Exposition(Collector):
    """The figures in every form. `read` asks the records, once for scrapes close together.

    Every method raises what `read` raises, and DatabaseUnavailable when it takes longer than
    `patience_seconds`. `last_ok_at` is when the records last answered.
    """

    read: Callable[[], Readings]
    now: Callable[[], float] = time.monotonic
    patience_seconds: float | None = None
    last_ok_at: datetime | None = None
    _latest: _Reading | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def readings(self) -> Readings:
        """The figures, at most FRESH_SECONDS old; so is a failure."""
        with self._lock:
            latest = self._latest
            if latest is None or self._is_stale(latest):
                latest = self._latest = _Reading()
                threading.Thread(target=self._ask, args=(latest,), daemon=True).start()
        if not latest.done.wait(self.patience_seconds):
            raise DatabaseUnavailable(
                f"The database did not answer within {self.patience_seconds:g} s."
            )
        if latest.readings is None:
            raise latest.failure or RuntimeError
        return latest.readings

    def _is_stale(self, reading: _Reading) -> bool:
        return reading.done.is_set() and self.now() - reading.ended_at > FRESH_SECONDS

    def _ask(self, reading: _Reading) -> None:
        try:
            reading.readings = self.read()
            self.last_ok_at = datetime.now(UTC)
        except BaseException as failure:  # noqa: BLE001 - raised where the figures are wanted
            reading.failure = failure
        reading.ended_at = self.now()
        reading.done.set()

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
