"""Which container a line means when it names a host, an address or a port."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.logs.mentions import Mention

_LOCAL = frozenset({"localhost", "host.docker.internal", "gateway.docker.internal", "0.0.0.0"})  # noqa: S104 - a name in a log
_PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
)
_DISTINCT = frozenset("-_.0123456789")


class Directory:
    """The containers of a run, by what lines call them. Places are indices into the sequence."""

    def __init__(self, containers: Sequence[ContainerInfo]) -> None:
        self._containers = containers
        self._names: dict[str, set[int]] = {}
        self._addresses: dict[str, int] = {}
        self._ports: dict[int, set[int]] = {}
        for place, container in enumerate(containers):
            for name in _names(container):
                self._names.setdefault(name, set()).add(place)
            for address in container.network.addresses:
                self._addresses[_plain(address)] = place
            for port in container.network.ports:
                self._ports.setdefault(port, set()).add(place)

    def meant(
        self, mentioned: Iterable[Mention], by: int, *, network: bool
    ) -> Iterator[tuple[int, str, bool]]:
        """Whom the lines of container `by` name: its place, in which words, and whether by a port.

        `network` says that the lines are about reaching something: only then is a word that
        stands alone a host, and a port alone a sign of the one container that serves it.
        """
        ports, foreign = set(), False
        for mention in sorted(mentioned, key=lambda item: (item.host, item.port)):
            if not mention.host or self._anywhere(mention.host):
                ports.add(mention.port)
                continue
            places = self._by_host(mention.host, by)
            if not places:
                foreign = (
                    foreign or mention.introduced or (bool(mention.port) and "." in mention.host)
                )
            elif not mention.plain or network or set(mention.host) & _DISTINCT:
                yield from ((place, mention.host, False) for place in places - {by})
        if network and not foreign:
            for port in sorted(ports):
                served = self._ports.get(port, set())
                if len(served) == 1 and by not in served:
                    yield next(iter(served)), f"port {port}", True

    def services(self, place: int) -> Iterator[int]:
        """The containers that Compose says the one at `place` depends on."""
        container = self._containers[place]
        wanted, project = container.compose_dependencies, container.compose_project
        for other, candidate in enumerate(self._containers):
            same = project is not None and candidate.compose_project == project
            if other != place and same and candidate.compose_service in wanted:
                yield other

    def _by_host(self, host: str, by: int) -> set[int]:
        address = self._addresses.get(_plain(host))
        if address is not None:
            return {address}
        first, _, network = host.partition(".")
        known = self._names.get(host, set())
        if not known and network:
            known = {
                place for place in self._names.get(first, set())
                if network in map(str.lower, self._containers[place].network.networks)
            }  # fmt: skip
        if by in known:
            return {by}  # its own name
        return {place for place in known if self._known_to(place, host, by)}

    def _known_to(self, place: int, host: str, by: int) -> bool:
        """A container's own name means it everywhere, an alias only where both are at home."""
        named, speaker = self._containers[place], self._containers[by]
        if host == named.name.lower():
            return True
        if set(named.network.networks) & set(speaker.network.networks):
            return True
        projects = {named.compose_project, speaker.compose_project}
        apart = bool(named.network.networks) and bool(speaker.network.networks)
        return len(projects) == 1 and (None not in projects or not apart)

    def _anywhere(self, host: str) -> bool:
        """Whether a host says nothing of which container is meant: this machine, an old address."""
        if host in _LOCAL:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        near = address.is_loopback or any(address in network for network in _PRIVATE)
        return near and _plain(host) not in self._addresses


def _names(container: ContainerInfo) -> set[str]:
    names = {container.name, *container.network.names}
    if container.compose_service:
        names.add(container.compose_service)
    return {name.lower() for name in names if name}


def _plain(address: str) -> str:
    try:
        return ipaddress.ip_address(address).compressed
    except ValueError:
        return address
