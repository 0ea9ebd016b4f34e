"""What an image is called: the parts of a reference."""

from __future__ import annotations

_HUBS = ("docker.io/", "index.docker.io/")
_OFFICIAL = "library/"


def repository_of(reference: str) -> str:
    """The reference without its tag and digest."""
    folder, slash, last = reference.partition("@")[0].rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def digest_of(reference: str) -> str | None:
    """The digest in a reference, if it has one."""
    return reference.partition("@")[2] or None


def familiar(repository: str) -> str:
    """The repository as Docker writes it: the default registry is left out."""
    for hub in _HUBS:
        if repository.startswith(hub):
            return repository.removeprefix(hub).removeprefix(_OFFICIAL)
    plain = repository.removeprefix(_OFFICIAL)
    return plain if "/" not in plain else repository
