"""Sending the figures to a Prometheus Pushgateway, for machines that nobody scrapes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import basic_auth_handler, default_handler, push_to_gateway

from cyberbrain_cli.core.errors import Unavailable, UsageError

JOB = "cyberbrain"
_SECONDS = 10


def push(url: str, registry: CollectorRegistry, instance: str) -> str:
    """Replace what the gateway has of this job and instance; its URL without credentials.

    Raises UsageError for what is no URL, Unavailable when the gateway does not take it.
    """
    parts = _parse(url)
    where = parts.netloc.rpartition("@")[2]
    bare = urlunsplit(parts._replace(netloc=where))
    try:
        push_to_gateway(
            bare, JOB, registry, {"instance": instance}, timeout=_SECONDS, handler=_handler(parts)
        )
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "no answer"
        raise Unavailable(
            f"The Pushgateway at {where} did not take the figures: {reason}.",
            "Check its address, and that it runs.",
        ) from None
    return bare


def _parse(url: str) -> SplitResult:
    """The URL's parts. What cannot be told apart is not repeated: it may be a password."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError("--push is no URL of a Pushgateway.", "http://HOST:9091, for example.")
    return parts


def _handler(parts: SplitResult) -> Callable[..., Any]:
    """How to ask: with the user and password of the URL, where it has them."""
    if parts.username is None:
        return default_handler
    user, password = unquote(parts.username), unquote(parts.password or "")
    return partial(basic_auth_handler, username=user, password=password)
