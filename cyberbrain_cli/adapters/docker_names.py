"""What containers and images are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def own_name(item: Mapping[str, Any]) -> str:
    """A listed container's own name: the one that is not a link into another container."""
    plain = [str(name).lstrip("/") for name in item.get("Names") or ()]
    return next((name for name in plain if "/" not in name), str(item["Id"])[:12])


def image_digest(reference: str, image: Mapping[str, Any]) -> str:
    """What an inspected image is pinned to: its digest in the reference's own repository.

    An image that came from no repository has none, and is pinned to its id.
    """
    repository = repository_of(reference)
    found = (str(digest).rpartition("@") for digest in image.get("RepoDigests") or ())
    known = next((digest for name, _, digest in found if name == repository), None)
    return known or str(image["Id"])


def repository_of(reference: str) -> str:
    """The reference without its tag and digest."""
    folder, slash, last = reference.partition("@")[0].rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"
