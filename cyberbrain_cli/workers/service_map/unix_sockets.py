"""Edges over Unix sockets on shared volumes: who can be a client, and who is one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cyberbrain_cli.core.directory import HOST, Directory
from cyberbrain_cli.core.records import Mount, ServiceFacts, Survey
from cyberbrain_cli.workers.service_map.gathering import Sighting
from cyberbrain_cli.workers.service_map.names import Redact


@dataclass(frozen=True, slots=True)
class UnixSockets:
    """The Unix sockets of a survey.

    Whoever shares the volume that a socket lies on can be a client, which the volume's edge
    tells. Who is one is known from the client's network namespace, where the kernel lists the
    server's end of a connection.
    """

    survey: Survey
    directory: Directory
    redact: Redact

    def sightings(self) -> Iterator[Sighting]:
        """What there is to tell of them."""
        for server in self.survey.containers:
            for path in server.sockets.unix_listening if server.sockets else ():
                name = self.redact(path.rpartition("/")[2])
                for client in self._sharers(server, path):
                    told = f"the Unix socket {name} of {self.redact(server.name)} lies on it"
                    yield Sighting(client.id, server.id, "volume", told)
                    if count := self._held(client, server, path):
                        told = f"Unix socket {name} on a shared volume: {count} open"
                        yield Sighting(client.id, server.id, "unix_socket", told, (), count)

    def _sharers(self, server: ServiceFacts, path: str) -> list[ServiceFacts]:
        """The others who have the volume that the server's socket lies on."""
        mount = _mount_of(path, server)
        if mount is None:
            return []
        everyone = self.survey.containers
        return [item for item in everyone if item.id != server.id and _shares(item, mount)]

    def _held(self, client: ServiceFacts, server: ServiceFacts, path: str) -> int:
        """How many connections the client holds; 0 also where they may be somebody else's."""
        found = client.sockets.unix_connections if client.sockets else ()
        count = sum(one.count for one in found if one.path == path)
        return count if count and self._is_certain(client, server, path) else 0

    def _is_certain(self, client: ServiceFacts, server: ServiceFacts, path: str) -> bool:
        """Whether neither another client nor another server of that path can be meant."""
        if self.directory.namespace(client) == HOST:
            return False
        ids = self.directory.sharing(client)
        neighbours = [item for item in self.survey.containers if item.id in ids]
        others = [item for item in neighbours if item.id != client.id]
        sharers = self._sharers(server, path)
        if server in others or any(not item.listed or item in sharers for item in others):
            return False
        same_path = [item for item in self.survey.containers if _listens(item, path)]
        return not any(
            item in neighbours or client in self._sharers(item, path)
            for item in same_path
            if item.id != server.id
        )


def _listens(item: ServiceFacts, path: str) -> bool:
    return item.sockets is not None and path in item.sockets.unix_listening


def _mount_of(path: str, item: ServiceFacts) -> Mount | None:
    """The mount that the path lies on: the deepest one above it."""
    above = [mount for mount in item.mounts if _plain(path).startswith(f"{_plain(mount.target)}/")]
    found = max(above, key=lambda mount: len(_plain(mount.target)), default=None)
    return found if found is not None and found.source_mark else None


def _plain(path: str) -> str:
    """Debian's /var/run is a link to /run, and programs use the one name or the other."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path.rstrip("/")


def _shares(other: ServiceFacts, mount: Mount) -> bool:
    return any(theirs.source_mark == mount.source_mark for theirs in other.mounts)
