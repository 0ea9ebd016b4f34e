"""The options of a service map."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cyberbrain_cli.core.worker import TaskParams

Rule = Literal[
    "depends_on_down",
    "docker_socket",
    "drift",
    "host_namespace",
    "image_moved",
    "no_memory_limit",
    "privileged",
    "published_everywhere",
    "restarting",
    "unhealthy",
]
"""What a map may find; `drift` stands for all that changed since the last run."""


class ServiceMapParams(TaskParams):
    """What a directive may say about a service map."""

    show_unlisted: Literal["anonymous", "names"] = Field(
        "anonymous",
        description="Containers that are not on the allowlist: without a name, or with it alone.",
    )
    connections: bool = Field(
        True, description="Look at the containers' open TCP connections and Unix sockets."
    )
    ignore: tuple[Rule, ...] = Field((), description="Findings not to raise.")
