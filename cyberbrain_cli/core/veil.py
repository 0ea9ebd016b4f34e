"""What a survey may tell of containers that are not on the allowlist: that they are there. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from cyberbrain_cli.core.directory import HOST, Directory, Found
from cyberbrain_cli.core.records import (
    Attachment,
    GpuOwner,
    GpuUse,
    Reference,
    ServiceFacts,
    Survey,
    TcpConnection,
)


def veiled(survey: Survey, allowed: Callable[[str], bool], *, name_others: bool) -> Survey:
    """The survey without anything about the containers that `allowed` refuses by name.

    Each becomes a token made of its id, which also takes the place of its names and addresses
    wherever an allowed container mentions it; `name_others` leaves its name in the node itself.
    """
    directory = Directory(survey)
    tokens = {item.id: _token(item.id) for item in survey.containers if not allowed(item.name)}
    shared = {
        place.network
        for item in survey.containers
        if item.id not in tokens
        for place in item.attachments
    }
    containers = tuple(
        _veiled(item, tokens[item.id], shared, tokens, name_others=name_others)
        if item.id in tokens
        else _listed(item, directory, survey, tokens)
        for item in survey.containers
    )
    return replace(survey, containers=containers)


def veiled_gpu_use(use: GpuUse, allowed: Callable[[str], bool]) -> GpuUse:
    """Who uses the GPUs, without the names of containers that `allowed` refuses.

    Of those nothing is left but a token that tells two of them apart, and no claim.
    """

    def owner(one: GpuOwner) -> GpuOwner:
        if one.container is None:
            return one
        if allowed(one.container):
            return replace(one, listed=True)
        return GpuOwner(one.kind, token=_token(one.token))

    return replace(
        use,
        owners={pid: owner(one) for pid, one in use.owners.items()},
        claims=tuple(claim for claim in use.claims if allowed(claim.container)),
    )


def _token(container_id: str) -> str:
    digest = hashlib.blake2b(container_id.encode(), digest_size=4).hexdigest()
    return f"unlisted-{digest}"


def _veiled(
    item: ServiceFacts,
    token: str,
    shared: set[str],
    tokens: Mapping[str, str],
    *,
    name_others: bool,
) -> ServiceFacts:
    """All that is left of it; nothing is taken over that is not named here."""
    owner = item.shares_network_with
    return ServiceFacts(
        id=token,
        name=item.name if name_others else token,
        state=item.state,
        attachments=tuple(
            Attachment(place.network, (token,))
            for place in item.attachments
            if place.network in shared
        ),
        network_mode=item.network_mode,
        shares_network_with=tokens.get(owner, owner) if owner else None,
    )


def _listed(
    item: ServiceFacts, directory: Directory, survey: Survey, tokens: Mapping[str, str]
) -> ServiceFacts:
    owner = item.shares_network_with
    sockets = item.sockets
    if sockets is not None:
        sockets = replace(
            sockets,
            connections=tuple(
                _connection(one, directory.by_address(item, one.remote_address, one.remote_port),
                            tokens)
                for one in sockets.connections
            ),
        )  # fmt: skip
    return replace(
        item,
        shares_network_with=tokens.get(owner, owner) if owner else None,
        references=tuple(
            _reference(one, resolve(directory, item, one), tokens) for one in item.references
        ),
        sockets=sockets,
        depends_on=tuple(_dependency(name, item, survey, tokens) for name in item.depends_on),
    )


def resolve(directory: Directory, seen_from: ServiceFacts, reference: Reference) -> Found | None:
    """Whom a reference means, be it a name or an address."""
    return directory.by_address(seen_from, reference.host, reference.port) or directory.by_name(
        seen_from, reference.host, reference.port
    )


def _connection(
    one: TcpConnection, found: Found | None, tokens: Mapping[str, str]
) -> TcpConnection:
    if found is None or found.id == HOST or found.id not in tokens:
        return one
    return replace(one, remote_address=tokens[found.id])


def _reference(one: Reference, found: Found | None, tokens: Mapping[str, str]) -> Reference:
    if found is None or found.id not in tokens:
        return one
    return replace(one, host=tokens[found.id])


def _dependency(service: str, item: ServiceFacts, survey: Survey, tokens: Mapping[str, str]) -> str:
    for other in survey.containers:
        ours = (other.compose_project, other.compose_service) == (item.compose_project, service)
        if ours and other.id in tokens:
            return tokens[other.id]
    return service
