"""The figures for Prometheus, in the ways in which they leave this program."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cyberbrain_cli.adapters import metrics_server, pushgateway
from cyberbrain_cli.adapters.metrics_pages import Page
from cyberbrain_cli.adapters.metrics_server import ServerSettings
from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.engine.budgets import period_limits
from cyberbrain_cli.metrics import Exposition

_PATIENCE_SECONDS = 8.0
"""How long a scrape waits for the database: Prometheus itself gives up after ten."""

if TYPE_CHECKING:
    from cyberbrain_cli.wiring import Services


def exposition(services: Services) -> Exposition:
    """The figures of these services' records."""
    limits = tuple(period_limits(services.settings.budget))
    return Exposition(lambda: services.reports.metrics(limits))


@contextmanager
def serving(services: Services, settings: ServerSettings) -> Iterator[str]:
    """Serve them until the context is left; the server's URL. Raises what the server raises."""
    shown = exposition(services)
    shown.patience_seconds = _PATIENCE_SECONDS
    pages = {
        "/metrics": lambda accept: _metrics(shown, accept),
        "/metrics/json": lambda _: Page("200 OK", "application/json", shown.json()),
        "/healthz": lambda _: _health(shown),
    }
    with metrics_server.serving(settings, pages) as url:
        yield url


def push(services: Services, url: str) -> str:
    """Send them to a Pushgateway; its URL without credentials. Raises UsageError or Unavailable."""
    return pushgateway.push(url, exposition(services).registry(), platform.node())


def _metrics(shown: Exposition, accept: str) -> Page:
    body, media_type = shown.text(accept)
    return Page("200 OK", media_type, body)


def _health(shown: Exposition) -> Page:
    """Whether the records answer, and when they last did."""
    document: dict[str, str | None] = {"status": "ok"}
    http_status = "200 OK"
    try:
        shown.readings()
    except CyberbrainError as error:
        document = {"status": "failing", "error": error.message}
        http_status = "503 Service Unavailable"
    last = shown.last_ok_at
    document["last_ok_at"] = last.isoformat() if last else None
    return Page(http_status, "application/json", (json.dumps(document) + "\n").encode())
