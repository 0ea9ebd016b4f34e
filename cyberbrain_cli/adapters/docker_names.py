"""What a container is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def own_name(item: Mapping[str, Any]) -> str:
    """A listed container's own name: the one that is not a link into another container."""
    plain = [str(name).lstrip("/") for name in item.get("Names") or ()]
    return next((name for name in plain if "/" not in name), str(item["Id"])[:12])
