"""Edges that settings declare: dependencies, references, shared networks, namespaces, volumes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from cyberbrain_cli.core.directory import HOST, Directory
from cyberbrain_cli.core.records import Mount, Reference, ServiceFacts, Survey
from cyberbrain_cli.core.service_map import EdgeKind
from cyberbrain_cli.core.veil import resolve
from cyberbrain_cli.workers.service_map.gathering import Sighting
from cyberbrain_cli.workers.service_map.names import Redact

MOST_MEMBERS = 40
"""A network or volume shared by more containers is left to the nodes: pairs grow as the square."""
_SHAREABLE = frozenset({"volume", "anonymous_volume", "host_folder"})


def declared(survey: Survey, directory: Directory, redact: Redact) -> Iterator[Sighting]:
    """Every declared relation in which at least one side is listed, between container ids."""
    everyone = {item.id: item for item in survey.containers}
    for item in survey.containers:
        if item.listed:
            yield from _dependencies(item, survey)
            yield from _references(item, directory, redact)
        owner = item.shares_network_with
        if owner in everyone and (item.listed or everyone[owner].listed):
            yield Sighting(item.id, owner, "namespace", "uses its network namespace")
    yield from _networks(survey, redact)
    yield from _volumes(survey, redact)


def missing_dependencies(item: ServiceFacts, survey: Survey) -> list[str]:
    """The services that Compose says the container depends on and of which there is none."""
    return [name for name in item.depends_on if not list(_providers(name, item, survey))]


def left_out(survey: Survey) -> Iterator[str]:
    """What there are no edges of, in numbers."""
    for network, members in _members(survey).items():
        if len(members) > MOST_MEMBERS:
            yield f"{len(members)} containers share the network {network}: it has no edges here."
    for users in _users(survey).values():
        if len(users) > MOST_MEMBERS:
            what = users[0][1].source_class.replace("_", " ")
            yield f"{len(users)} mounts have the same {what}: it has no edges here."


def _dependencies(item: ServiceFacts, survey: Survey) -> Iterator[Sighting]:
    for service in item.depends_on:
        for other in _providers(service, item, survey):
            yield Sighting(item.id, other.id, "depends_on", "Compose says so (depends_on)")


def _providers(service: str, item: ServiceFacts, survey: Survey) -> Iterator[ServiceFacts]:
    for other in survey.containers:
        same = (other.compose_project, other.compose_service) == (item.compose_project, service)
        if other.id != item.id and (same or other.id == service):
            yield other


def _references(item: ServiceFacts, directory: Directory, redact: Redact) -> Iterator[Sighting]:
    for reference in item.references:
        found = resolve(directory, item, reference)
        if found is None or found.id in (HOST, item.id):
            continue
        how = ", a port of the host that leads there" if found.via_host else ""
        port = found.port or reference.port
        ports = () if port is None else (port,)
        yield Sighting(item.id, found.id, "reference", f"{_mention(reference, redact)}{how}", ports)


def _mention(reference: Reference, redact: Redact) -> str:
    where = f"environment variable {reference.variable}" if reference.variable else reference.place
    port = f":{reference.port}" if reference.port is not None else ""
    return redact(f"{where} names {reference.host}{port}")


def _members(survey: Survey) -> dict[str, list[ServiceFacts]]:
    members: dict[str, list[ServiceFacts]] = defaultdict(list)
    for item in survey.containers:
        for place in item.attachments:
            members[place.network].append(item)
    return members


def _networks(survey: Survey, redact: Redact) -> Iterator[Sighting]:
    for network, members in _members(survey).items():
        yield from _pairs(members, "network", f"both on network {redact(network)}")


def _pairs(members: Sequence[ServiceFacts], kind: EdgeKind, how: str) -> Iterator[Sighting]:
    if len(members) <= MOST_MEMBERS:
        for one, other in combinations(members, 2):
            if one.listed or other.listed:
                yield Sighting(one.id, other.id, kind, how)


def _users(survey: Survey) -> dict[str, list[tuple[ServiceFacts, Mount]]]:
    users: dict[str, list[tuple[ServiceFacts, Mount]]] = defaultdict(list)
    for item in survey.containers:
        for mount in item.mounts:
            if mount.source_mark and mount.source_class in _SHAREABLE:
                users[mount.source_mark].append((item, mount))
    return users


def _volumes(survey: Survey, redact: Redact) -> Iterator[Sighting]:
    for users in _users(survey).values():
        if len(users) > MOST_MEMBERS:
            continue
        for (one, here), (other, there) in combinations(users, 2):
            if one.id != other.id:
                what = here.source_class.replace("_", " ")
                how = f"share a {what}, at {here.target} and {there.target}"
                yield Sighting(one.id, other.id, "volume", redact(how))
