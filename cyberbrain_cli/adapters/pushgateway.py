"""Sending the figures to a Prometheus Pushgateway, for machines that nobody scrapes."""

from __future__ import annotations

from http.client import HTTPException
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import push_to_gateway

from cyberbrain_cli.core.errors import Unavailable, UsageError

JOB = "cyberbrain"
_SECONDS = 10


def push(url: str, registry: CollectorRegistry, instance: str) -> None:
    """Replace what the gateway has of this job and instance.

    Raises UsageError for what is no URL, Unavailable when the gateway does not take it.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"'{url}' is no URL of a Pushgateway.", "http://HOST:9091, for example.")
    where = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    try:
        push_to_gateway(url, JOB, registry, {"instance": instance}, timeout=_SECONDS)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "no answer"
        raise Unavailable(
            f"The Pushgateway at {where} did not take the figures: {reason}.",
            "Check its address, and that it runs.",
        ) from None
