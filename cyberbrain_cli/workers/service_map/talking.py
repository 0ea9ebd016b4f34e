"""Edges that were seen: TCP connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from cyberbrain_cli.core.directory import HOST, Directory
from cyberbrain_cli.core.records import ServiceFacts, Survey, TcpConnection
from cyberbrain_cli.core.service_map import OUTSIDE
from cyberbrain_cli.workers.service_map.gathering import Sighting

MOST_OUTSIDE = 20
"""Addresses outside that one container is told to talk to; further ones count together."""
_EPHEMERAL = 32_768

_Ends = tuple[str, int, str, int]
"""Address and port of the client, address and port of the server."""


@dataclass(slots=True)
class _Tally:
    open: int = 0
    closed: int = 0


def talking(survey: Survey, directory: Directory) -> Iterator[Sighting]:
    """Who is connected to whom by TCP. A connection that both ends show counts once."""
    tallies: dict[tuple[str, str, int], _Tally] = defaultdict(_Tally)
    known: set[_Ends] = set()
    looked_at = [item for item in survey.containers if item.sockets is not None]
    for item in looked_at:
        listening = set(item.sockets.listening if item.sockets else ())
        for one in _distinct(item, known, listening, directory, incoming=False):
            found = directory.by_address(item, one.remote_address, one.remote_port)
            server = found.id if found else f"{OUTSIDE}:{one.remote_address}"
            port = found.port if found and found.port else one.remote_port
            _count(tallies, item.id, server, port, one)
    for item in looked_at:
        listening = set(item.sockets.listening if item.sockets else ())
        for one in _distinct(item, known, listening, directory, incoming=True):
            found = directory.by_address(item, one.remote_address, one.remote_port)
            _count(tallies, found.id if found else OUTSIDE, item.id, one.local_port, one)
    yield from _sightings(tallies)


def _distinct(
    item: ServiceFacts,
    known: set[_Ends],
    listening: set[int],
    directory: Directory,
    *,
    incoming: bool,
) -> Iterator[TcpConnection]:
    """The container's connections in one direction that no other end has shown yet."""
    for one in item.sockets.connections if item.sockets else ():
        if _is_incoming(item, one, listening, directory) != incoming:
            continue
        local, remote = (one.local_address, one.local_port), (one.remote_address, one.remote_port)
        if one.closed and _is_gone(item, one, directory):
            continue
        ends: _Ends = (*remote, *local) if incoming else (*local, *remote)
        if ends not in known:
            known.add(ends)
            yield one


def _is_gone(item: ServiceFacts, one: TcpConnection, directory: Directory) -> bool:
    """Whether the other end was a container, most likely, that has no address any more."""
    address = one.remote_address
    known = directory.by_address(item, address, one.remote_port)
    return known is None and directory.is_near(item, address)


def _is_incoming(
    item: ServiceFacts, one: TcpConnection, listening: set[int], directory: Directory
) -> bool:
    """Whether the other side called: it is the server who listens."""
    if one.local_port in listening:
        return True
    found = directory.by_address(item, one.remote_address, one.remote_port)
    if found is not None and directory.listens(found.id, one.remote_port):
        return False
    return one.local_port < _EPHEMERAL <= one.remote_port


def _count(
    tallies: dict[tuple[str, str, int], _Tally],
    source: str,
    target: str,
    port: int,
    one: TcpConnection,
) -> None:
    if source == target:
        return
    tally = tallies[source, target, port]
    if one.closed:
        tally.closed += 1
    else:
        tally.open += 1


def _sightings(tallies: dict[tuple[str, str, int], _Tally]) -> Iterator[Sighting]:
    strangers: dict[str, set[str]] = defaultdict(set)
    for (source, target, port), tally in sorted(tallies.items()):
        if target.startswith(f"{OUTSIDE}:"):
            strangers[source].add(target)
            if len(strangers[source]) > MOST_OUTSIDE:
                target = OUTSIDE  # told together with the others
        parts = [f"{tally.open} open"] if tally.open else []
        parts += [f"{tally.closed} closed or closing"] if tally.closed else []
        where = "to the host's port" if target == HOST else "to port"
        text = f"TCP {where} {port}: {', '.join(parts)}"
        yield Sighting(source, target, "connection", text, (port,), tally.open + tally.closed)
