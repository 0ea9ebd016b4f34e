"""What a container is to have beyond the hardened default, and whether it was made that way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from cyberbrain_cli.core.allowlist import Permission
from cyberbrain_cli.core.records import ContainerRequest, ContainerSettings


def permissions(request: ContainerRequest) -> list[Permission]:
    """What the request asks for beyond the hardened default."""
    asked = {
        Permission.GPU: bool(request.gpus),
        Permission.NETWORK: request.network is not None,
        Permission.PULL: request.pull,
        Permission.ROOT_USER: request.is_root,
        Permission.WRITABLE_ROOT: request.writable_root,
    }
    return [permission for permission, wanted in asked.items() if wanted]


def told(request: ContainerRequest) -> str:
    """The settings in a sentence for the audit: names, and never a value of the environment."""
    gpus = f"GPUs {', '.join(request.gpus)}" if request.gpus else "no GPU"
    return "; ".join(
        (
            f"network {request.network or 'none'}",
            f"user {request.user}",
            f"{'writable' if request.writable_root else 'read-only'} root",
            f"memory {request.memory_bytes} bytes",
            f"cpus {request.cpus:g}",
            f"pids {request.pids}",
            gpus,
            f"environment {', '.join(sorted(request.environment)) or 'none'}",
        )
    )


def differences(wanted: ContainerSettings, found: ContainerSettings) -> Iterator[str]:
    """The settings that are not what was asked for."""
    for field in fields(ContainerSettings):
        if getattr(wanted, field.name) != getattr(found, field.name):
            yield field.name.replace("_", " ")
