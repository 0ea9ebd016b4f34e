"""Which daemon: as the Docker CLI chooses it; and why it cannot be reached."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import docker.errors
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.context import ContextAPI
from docker.utils import kwargs_from_env

from cyberbrain_cli.core.errors import DockerUnavailable, UsageError

SCHEMES = ("unix://", "tcp://", "http://", "https://", "ssh://", "npipe://")
_DEFAULT = DEFAULT_UNIX_SOCKET.removeprefix("http+")


def client_arguments(url: str | None) -> dict[str, Any]:
    """Arguments of the SDK's client: our setting, then DOCKER_HOST, then the CLI's context.

    `base_url` is always among them. Raises UsageError for a URL, a context or certificates that
    cannot be used.
    """
    url = url or os.environ.get("DOCKER_HOST") or None
    if url is None:
        return _of_context(os.environ.get("DOCKER_CONTEXT"))
    if not url.startswith(SCHEMES):
        raise UsageError(
            f"'{url}' is not a Docker daemon's URL.",
            "Set docker.host or DOCKER_HOST to unix:///path, tcp://host:port or ssh://user@host.",
        )
    try:
        found = dict(kwargs_from_env({**os.environ, "DOCKER_HOST": url}))
    except (docker.errors.DockerException, OSError) as error:
        raise UsageError(
            f"The certificates for Docker cannot be used: {error}", "Check DOCKER_CERT_PATH."
        ) from None
    # The SDK's own SSH client trusts any host; the ssh program knows the user's hosts and keys.
    return found | ({"use_ssh_client": True} if url.startswith("ssh://") else {})


def _of_context(name: str | None) -> dict[str, Any]:
    try:
        context = ContextAPI.get_context(name)
    except Exception:  # noqa: BLE001 - the SDK raises bare Exception for a broken config.json
        context = None
    if context is None:
        if name:
            raise UsageError(f"There is no Docker context '{name}'.", "docker context ls")
        return {"base_url": _DEFAULT}
    arguments: dict[str, Any] = {"base_url": str(context.Host or _DEFAULT)}
    if context.TLSConfig:
        arguments["tls"] = context.TLSConfig
    return arguments


def unreachable(address: str, error: BaseException) -> DockerUnavailable:
    """What kept us from the daemon, and what to do about it."""
    told = " ".join(f"{type(one).__name__} {one}" for one in _causes(error))
    for signs, sentence, hint in _CAUSES:
        if any(sign in told for sign in signs):
            return DockerUnavailable(sentence.format(address), hint)
    return DockerUnavailable(
        f"The Docker daemon at {address} cannot be reached ({type(error).__name__}).",
        "Check docker.host or DOCKER_HOST; `cyberbrain doctor` tells more.",
    )


_CAUSES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("PermissionError", "Permission denied"),
        "You may not use the Docker socket at {}.",
        "Join the group `docker` and log in anew, or run as root.",
    ),
    (
        ("Install paramiko",),
        "The Docker daemon at {} needs SSH, and the library for it is missing.",
        "Run `pip install paramiko`, or forward the daemon's socket with `ssh -L`.",
    ),
    (
        ("SSLError", "TLS", "HTTPS server", "CERTIFICATE"),
        "The Docker daemon at {} and this client do not agree on TLS.",
        "Check DOCKER_TLS_VERIFY and DOCKER_CERT_PATH.",
    ),
    (
        ("FileNotFoundError", "ConnectionRefusedError", "No such file", "Connection refused"),
        "No Docker daemon listens at {}.",
        "Start it (`systemctl start docker`), or set docker.host or DOCKER_HOST.",
    ),
    (
        ("timed out", "Timeout"),
        "The Docker daemon at {} does not answer in time.",
        "See whether it is overloaded, or raise docker.timeout_seconds.",
    ),
    (
        ("gaierror", "NameResolutionError"),
        "The host of {} is not known.",
        "Check docker.host or DOCKER_HOST.",
    ),
    (
        ("API version", "too old", "too new", "InvalidVersion"),
        "The Docker daemon at {} speaks a version of the API that is too old.",
        "Docker Engine 20.10 or later is needed.",
    ),
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from; libraries wrap the one that tells in several others."""
    seen: set[int] = set()
    todo = [error]
    while todo:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [one.__cause__, one.__context__, *one.args]
        todo += [cause for cause in inner if isinstance(cause, BaseException)]
