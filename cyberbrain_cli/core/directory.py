"""Who is meant by a name or an address, seen from a container. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from cyberbrain_cli.core.records import ServiceFacts, Survey

HOST = "host"
"""Stands for the host itself; no container has an id like this."""

_HOST_NAMES = frozenset({"host.docker.internal", "gateway.docker.internal"})


@dataclass(frozen=True, slots=True)
class Found:
    """Whom an address leads to: a container's id, or HOST.

    `via_host` says by a port of the host, and `port` then which port of the container that is.
    """

    id: str
    via_host: bool = False
    port: int | None = None


class Directory:
    """The names and addresses of a survey, scoped as Docker scopes them."""

    def __init__(self, survey: Survey) -> None:
        self._by_id = {item.id: item for item in survey.containers}
        self._names: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._addresses: dict[str, list[str]] = defaultdict(list)
        self._own_names: dict[str, list[str]] = defaultdict(list)
        self._host = set(survey.host_addresses)
        self._published: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
        self._members: dict[str, list[str]] = defaultdict(list)
        for item in survey.containers:
            self._add(item)

    def _add(self, item: ServiceFacts) -> None:
        self._own_names[item.name.lower()].append(item.id)
        self._members[self.namespace(item)].append(item.id)
        for place in item.attachments:
            self._host.update(place.gateways)
            for name in {item.name, *place.names}:
                self._names[place.network][name.lower()].append(item.id)
            for address in place.addresses:
                self._addresses[address].append(item.id)
        for port in item.published:
            told = (port.host_address, item.id, port.container_port)
            self._published[port.host_port].append(told)

    def namespace(self, item: ServiceFacts) -> str:
        """What containers in the same network namespace have in common."""
        return HOST if item.network_mode == "host" else item.shares_network_with or item.id

    def sharing(self, item: ServiceFacts) -> list[str]:
        """The ids of the containers in the same network namespace, its own among them."""
        return self._members[self.namespace(item)]

    def listens(self, container_id: str, port: int) -> bool:
        """Whether the container is known to listen on the port."""
        item = self._by_id.get(container_id)
        return item is not None and self._listens(item, port)

    def by_name(self, seen_from: ServiceFacts, name: str, port: int | None = None) -> Found | None:
        """Whom a host name means; None when it is no container's and not the host's."""
        if name in self._by_id:
            return Found(name)
        wanted = name.lower()
        if wanted in _HOST_NAMES:
            return self._on_host(None, port)
        if wanted == "localhost":
            return self._on_loopback(seen_from, port)
        owner = self._by_id.get(seen_from.shares_network_with or "", seen_from)
        for place in owner.attachments:
            if found := self._names.get(place.network, {}).get(wanted):
                return Found(self._listener(found[0], port))
        found = self._own_names.get(wanted, [])
        return Found(self._listener(found[0], port)) if len(found) == 1 else None

    def by_address(
        self, seen_from: ServiceFacts, address: str, port: int | None = None
    ) -> Found | None:
        """Whom an IP address (or a guard's token for one) means; None: somebody outside."""
        if address in self._by_id:
            return Found(address)
        try:
            parsed = ip_address(address)
        except ValueError:
            return None
        if parsed.is_loopback:
            return self._on_loopback(seen_from, port)
        if owners := self._addresses.get(str(parsed)):
            return Found(self._listener(self._nearest(seen_from, owners), port))
        if str(parsed) in self._host:
            return self._on_host(str(parsed), port)
        return None

    def is_near(self, seen_from: ServiceFacts, address: str) -> bool:
        """Whether an address is of one of the container's own networks, be it in use or not."""
        owner = self._by_id.get(seen_from.shares_network_with or "", seen_from)
        subnets = (subnet for place in owner.attachments for subnet in place.subnets)
        try:
            return any(ip_address(address) in ip_network(subnet) for subnet in subnets)
        except ValueError:
            return False

    def _nearest(self, seen_from: ServiceFacts, owners: list[str]) -> str:
        """An address may be in use on several networks that do not know each other."""
        near = {place.network for place in seen_from.attachments}
        for owner in owners:
            if near & {place.network for place in self._by_id[owner].attachments}:
                return owner
        return owners[0]

    def _on_loopback(self, seen_from: ServiceFacts, port: int | None) -> Found | None:
        space = self.namespace(seen_from)
        listener = self._listener(seen_from.id, port)
        if listener != seen_from.id or self._listens(seen_from, port):
            return Found(listener)
        return self._on_host(None, port) if space == HOST else Found(seen_from.id)

    def _on_host(self, address: str | None, port: int | None) -> Found:
        """The container that a port of the host leads to, or else the host."""
        if port is None:
            return Found(HOST)
        for bound, owner, inside in self._published.get(port, []):
            if address is None or bound in ("", "0.0.0.0", "::", address):  # noqa: S104
                return Found(owner, via_host=True, port=inside)
        for member in self._members.get(HOST, []):
            if self._listens(self._by_id[member], port):
                return Found(member)
        return Found(HOST)

    def _listener(self, owner: str, port: int | None) -> str:
        """Of the containers in one network namespace, the one that listens on the port."""
        if port is None or owner not in self._by_id:
            return owner
        sharing = self.sharing(self._by_id[owner])
        return next((name for name in sharing if self._listens(self._by_id[name], port)), owner)

    def _listens(self, item: ServiceFacts, port: int | None) -> bool:
        return item.sockets is not None and port in item.sockets.listening
