"""What log lines name by which a container could be reached: hosts, addresses, ports."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LONGEST = 600
_MOST = 120
_TOKEN = re.compile(r"(?<![\w.-])[A-Za-z0-9_](?:[\w.-]{0,200}[A-Za-z0-9_])?", re.ASCII)
_V6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])")
_PORT_AFTER = re.compile(r"\]?:(\d{2,5})(?![\w.])")
_PORT = re.compile(r"(?i)(?:\bport\b[\"']?[ =:]{0,3}[\"']?|(?<![\w.:\])]):)(\d{2,5})(?![\w.:])")
_USER_AFTER = re.compile(r"(?::[^\s/@]{0,200})?@")
_INTRODUCED = re.compile(
    r"""(?ix)(?:
      ://(?:[^\s/@]{0,80}@)? | @
    | \b(?:host(?:name)?|server|upstream|backend|peer|addr(?:ess)?|endpoint|broker|node|remote)
      ["']?\s{0,2}[=:]\s{0,2}["'(\[]*
    | \b(?:server|upstream|backend|peer|address|broker|node)\ ["'(\[]+
    | \b(?:hosts?(?:\ name)?|server\ at|lookup|enotfound|eai_again|dial\ tcp|reach(?:ing)?
      |resolv(?:e|ing)|connect(?:ion|ed|ing)?\ (?:to|with|from)|(?:refused|reset|closed)\ by)
      \ ["'(\[]*
    )$"""
)
_NETWORK = re.compile(
    r"(?i)refused|reset by|timed?[- ]?out|unreachable|no route|resolv|enotfound|eai_again|"
    r"getaddrinfo|lookup|connect|upstream|unavailable|\b50[234]\b|broken pipe|closed|hang ?up|"
    r"gateway|socket|no such host|host name|econn|not responding|handshake"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A host that a line names, with a port or 0; or with no host a port alone.

    `introduced` says that the words before it announce a host.
    """

    host: str
    port: int = 0
    introduced: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is a word that only might be meant as a host."""
        return not self.introduced and not self.port


def mentions(lines: Iterable[str]) -> frozenset[Mention]:
    """What these lines name, bounded however many and long they are."""
    found: dict[Mention, None] = {}
    for line in lines:
        for mention in _of_line(line[:_LONGEST]):
            if len(found) >= _MOST:
                return frozenset(found)
            found[mention] = None
    return frozenset(found)


def about_network(text: str) -> bool:
    """Whether the words are about reaching something."""
    return _NETWORK.search(text[:_LONGEST]) is not None


def _of_line(line: str) -> Iterator[Mention]:
    for match in _TOKEN.finditer(line):
        token = match.group().lower()
        if token.isdigit() or line.startswith("://", match.end()):
            continue
        after = _PORT_AFTER.match(line, match.end())
        before = line[max(0, match.start() - 100) : match.start()]
        introduced = _INTRODUCED.search(before) is not None
        if introduced and before.endswith("://") and _USER_AFTER.match(line, match.end()):
            introduced, after = False, None
        yield Mention(token, int(after[1]) if after else 0, introduced)
    for match in _V6.finditer(line):
        if not _is_address(match.group()):
            continue
        after = _PORT_AFTER.match(line, match.end())
        yield Mention(match.group().lower(), int(after[1]) if after else 0, introduced=True)
    for match in _PORT.finditer(line):
        yield Mention("", int(match[1]))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
