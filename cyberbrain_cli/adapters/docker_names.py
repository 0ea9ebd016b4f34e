"""What containers and images are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cyberbrain_cli.core.image_names import digest_of, familiar, repository_of


def own_name(item: Mapping[str, Any]) -> str:
    """A listed container's own name: the one that is not a link into another container."""
    plain = [str(name).lstrip("/") for name in item.get("Names") or ()]
    return next((name for name in plain if "/" not in name), str(item["Id"])[:12])


def image_digest(reference: str, image: Mapping[str, Any]) -> str:
    """What an inspected image is pinned to: its digest in the reference's own repository.

    An image that came from no repository has none, and is pinned to its id. Of several digests
    that have come to mean the same image it is the one that the reference names.
    """
    repository = familiar(repository_of(reference))
    found = (str(digest).rpartition("@") for digest in image.get("RepoDigests") or ())
    known = [digest for name, _, digest in found if familiar(name) == repository]
    if (named := digest_of(reference)) in known:
        return str(named)
    return known[0] if known else str(image["Id"])
