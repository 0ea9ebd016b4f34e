"""Which daemon: as the Docker CLI chooses it."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import docker.errors
from docker.context import ContextAPI
from docker.utils import kwargs_from_env

from cyberbrain_cli.core.errors import UsageError

SCHEMES = ("unix://", "tcp://", "http://", "https://", "ssh://", "npipe://")


@cache
def client_arguments(url: str | None) -> dict[str, Any]:
    """Arguments of the SDK's client: our setting, then DOCKER_HOST, then the CLI's context.

    Raises UsageError for a URL or a context that cannot be used.
    """
    if url is not None:
        if not url.startswith(SCHEMES):
            raise UsageError(
                f"docker.host '{url}' is not a daemon's URL.",
                "unix:///path, tcp://host:port, ssh://",
            )
        return dict(kwargs_from_env({**os.environ, "DOCKER_HOST": url}))
    if os.environ.get("DOCKER_HOST"):
        return dict(kwargs_from_env())
    return _of_context(os.environ.get("DOCKER_CONTEXT"))


def _of_context(name: str | None) -> dict[str, Any]:
    try:
        context = ContextAPI.get_context(name)
    except (docker.errors.DockerException, OSError, ValueError, KeyError):
        context = None
    if context is None:
        if name:
            raise UsageError(f"There is no Docker context '{name}'.", "docker context ls")
        return {}
    arguments: dict[str, Any] = {"base_url": context.Host} if context.Host else {}
    if context.TLSConfig:
        arguments["tls"] = context.TLSConfig
    return arguments
