"""Where a container can be reached, from what the daemon's inspect says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cyberbrain_cli.core.records import ContainerNetwork

_PORT = re.compile(r"(\d{1,5})(?:/\w+)?")
_MOST = 64
"""Of each kind; nobody has more, and labels and settings are hostile input."""


def network_of(found: Mapping[str, Any]) -> ContainerNetwork:
    """The names, addresses, ports and networks of an inspected container."""
    config = found.get("Config") or {}
    settings = found.get("NetworkSettings") or {}
    host = found.get("HostConfig") or {}
    networks: Mapping[str, Mapping[str, Any]] = {
        name: entry or {} for name, entry in (settings.get("Networks") or {}).items()
    }
    own_name = () if host.get("NetworkMode") == "host" else (config.get("Hostname"),)
    aliases = (
        name
        for entry in networks.values()
        for key in ("Aliases", "DNSNames")
        for name in entry.get(key) or ()
    )
    return ContainerNetwork(
        names=_texts((*own_name, *aliases)),
        addresses=_texts(_addresses(networks.values())),
        ports=tuple(_ports(config, settings, host)),
        networks=_texts(networks),
    )


def _addresses(entries: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    for entry in entries:
        fixed = entry.get("IPAMConfig") or {}
        yield entry.get("IPAddress") or fixed.get("IPv4Address")
        yield entry.get("GlobalIPv6Address") or fixed.get("IPv6Address")


def _ports(
    config: Mapping[str, Any], settings: Mapping[str, Any], host: Mapping[str, Any]
) -> Iterator[int]:
    """The ports that it serves, and those of the host that lead to them."""
    bindings = (settings.get("Ports") or {}, host.get("PortBindings") or {})
    told = [*(config.get("ExposedPorts") or {}), *(port for ports in bindings for port in ports)]
    told += [
        binding.get("HostPort") or ""
        for ports in bindings
        for places in ports.values()
        for binding in places or ()
    ]
    numbers = (int(match[1]) for port in told if (match := _PORT.fullmatch(str(port))))
    known = dict.fromkeys(number for number in numbers if 0 < number < 1 << 16)
    yield from sorted(known)[:_MOST]


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in values if isinstance(text, str) and text))[:_MOST]
