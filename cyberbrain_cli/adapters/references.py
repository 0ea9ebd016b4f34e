"""References to other containers in environment and command: host and port, nothing else. Pure.

Only names and addresses that are known beforehand are ever told, so no part of a password that
happens to stand where a host could stand gets out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from cyberbrain_cli.core.records import Reference

MOST_REFERENCES = 64
"""Of one container; settings are hostile input."""
MOST_LENGTH = 16_384
"""Of one value; longer ones are cut."""

_PORTS = {
    "amqp": 5672, "amqps": 5671, "http": 80, "https": 443, "mariadb": 3306, "memcached": 11211,
    "mongodb": 27017, "mqtt": 1883, "mysql": 3306, "nats": 4222, "postgres": 5432,
    "postgresql": 5432, "redis": 6379, "rediss": 6379, "smtp": 25, "ws": 80, "wss": 443,
}  # fmt: skip
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_HOST_LIKE = re.compile(
    r"(?i)(?:host(?:name|s)?|server|servers|addr|address|url|uri|endpoint|upstream|backend|broker"
    r"|brokers|peers?|master|primary|replica|proxy|dsn|nodes?|target|service)$"
)
_PORT_LIKE = re.compile(r"(?i)_?port$")
_OPTION = re.compile(r"(?i)-h|--?(?:[a-z-]*-)?(?:host(?:name)?|server|addr(?:ess)?|url|upstream)")
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_.-])"
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]{0,253}))"
    r"(?::(?P<port>\d{1,5})(?![\d.]))?"
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,30})://[^\s/?#]{0,1024}$", re.IGNORECASE)
_OTHER_THAN_HOSTS = re.compile(r"[^\s,;:\[\]A-Za-z0-9_.-]")
_ASSIGNED = re.compile(
    r"(?i)(?:^|[\s;,?&\"'({])(?:host(?:name|addr)?|server|address)\s{0,3}[=:]\s{0,3}[\"']?$"
)
_AUTHORITY_ENDS = re.compile(r"[/?#\s,\"']")
_LEAST_PORT = 25
"""Below it a number after a bare name is rather a version: postgres:15."""
_LOOK_BACK = 1100


class Finder:
    """Finds references to known hosts. `hosts` are names and addresses; case is ignored."""

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = {host.lower(): host for host in hosts}

    def find(
        self, environment: Sequence[str], command: Sequence[str], own: Collection[str]
    ) -> tuple[Reference, ...]:
        """The references of one container; `own` are its own names and addresses."""
        variables = dict(entry.partition("=")[::2] for entry in environment if "=" in entry)
        skipped = {name.lower() for name in own}
        found = dict.fromkeys(
            reference
            for reference in (*self._in_environment(variables), *self._in_command(command))
            if reference.host.lower() not in skipped
        )
        return tuple(found)[:MOST_REFERENCES]

    def _in_environment(self, variables: Mapping[str, str]) -> Iterator[Reference]:
        for name, value in variables.items():
            shown = name if _VARIABLE.fullmatch(name) else None
            whole = bool(_HOST_LIKE.search(name))
            for host, port in self._in_text(value, whole=whole):
                near = port if port is not None else _port_beside(name, variables)
                yield Reference(host, near, "environment", shown)

    def _in_command(self, command: Sequence[str]) -> Iterator[Reference]:
        for before, argument in zip(["", *command], command, strict=False):
            whole = bool(_OPTION.fullmatch(before))
            for host, port in self._in_text(argument, whole=whole):
                yield Reference(host, port, "command")
            option, equals, value = argument.partition("=")
            if equals and _OPTION.fullmatch(option):
                for host, port in self._in_text(value, whole=True):
                    yield Reference(host, port, "command")

    def _in_text(self, text: str, *, whole: bool) -> Iterator[tuple[str, int | None]]:
        """Known hosts where a host can stand; as `whole` text only where the setting is for one."""
        text = text[:MOST_LENGTH]
        for match in _TOKEN.finditer(text):
            host = self._hosts.get((match["v6"] or match["name"]).lower().rstrip("."))
            if host is None:
                continue
            port = int(match["port"]) if match["port"] else None
            if port is not None and not 0 < port < 1 << 16:
                continue
            place = _place(text, match, whole=whole, address=_is_address(host))
            if place is not None:
                yield host, port if port is not None else _PORTS.get(place)


def _place(text: str, match: re.Match[str], *, whole: bool, address: bool) -> str | None:
    """The scheme before the host, or an empty text; None where it is a word like any other."""
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    after = text[match.end() : match.end() + _LOOK_BACK]
    if "@" in _AUTHORITY_ENDS.split(after, maxsplit=1)[0] or after.startswith("="):
        return None  # a user's name or password, or the name of an option
    if scheme := _SCHEME.search(before):
        return scheme[1].lower().partition("+")[0]
    listed = whole and not _OTHER_THAN_HOSTS.search(text)
    with_port = match["port"] and int(match["port"]) >= _LEAST_PORT
    return "" if with_port or address or listed or _ASSIGNED.search(before) else None


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()


def _port_beside(name: str, variables: Mapping[str, str]) -> int | None:
    """The port in a variable named like this one: DB_HOST and DB_PORT, PGHOST and PGPORT."""
    stem = _HOST_LIKE.sub("", name).rstrip("_")
    for other, value in variables.items():
        if stem and _PORT_LIKE.search(other) and _PORT_LIKE.sub("", other) == stem:
            return int(value) if value.isdecimal() and 0 < int(value[:6]) < 1 << 16 else None
    return None
