"""Where a model's endpoint is, and whether a request may go there."""

from __future__ import annotations

import base64
import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import unquote, urlsplit

from cyberbrain_cli.core.errors import LlmUnavailable, PolicyRefused, UsageError

_PRIVATE = tuple(
    map(
        ip_network,
        (
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "0.0.0.0/32",
            "::1/128",
            "::/128",
            "fc00::/7",
        ),
    )
)
# Where clouds hand out credentials: never a model, whatever the configuration says.
_NEVER = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16",
            "fe80::/10",
            "fd00:ec2::254/128",
            "fd20:ce::254/128",
            "100.100.100.200/32",
            "192.0.0.192/32",
            "168.63.129.16/32",
        ),
    )
)
_PORTS = {"http": 80, "https": 443}

IpAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint taken apart. `root` and `base_path` have no trailing slash.

    `authorization` is the header to send, from the API key or from credentials in the URL.
    """

    scheme: str
    host: str
    port: int
    root: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """How people and the ledger see it: host and port alone."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def base_path(self) -> str:
        """The path below which the OpenAI API lies."""
        return f"{self.root}/v1"


def parse_address(endpoint: str, api_key: str | None = None) -> Address:
    """Take a base URL apart, with or without /v1. Raises UsageError when it is none.

    An API key wins over credentials in the URL; neither is ever shown.
    """
    hint = "Give llm.endpoint as http://HOST:PORT or https://HOST:PORT, or auto."
    text = endpoint.strip()
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError("The llm.endpoint is not a URL.", hint) from error
    if parts.scheme not in _PORTS or not host or parts.query or parts.fragment:
        raise UsageError("The llm.endpoint is not a base URL of http or https.", hint)
    if any(not 32 < ord(character) < 127 for character in host + parts.path):
        raise UsageError("The llm.endpoint holds characters that no URL may hold.", hint)
    root = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return Address(
        scheme=parts.scheme,
        host=host,
        port=_PORTS[parts.scheme] if port is None else port,
        root=root,
        authorization=_authorization(api_key, parts.username, parts.password),
    )


def _authorization(api_key: str | None, user: str | None, password: str | None) -> str | None:
    if api_key:
        if not api_key.isascii() or not api_key.isprintable():
            raise UsageError(
                "The llm.api_key holds characters that no HTTP header may hold.",
                "Look for a line end or quotes at its end.",
            )
        return f"Bearer {api_key}"
    if user is None and password is None:
        return None
    pair = f"{unquote(user or '')}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def resolve(address: Address, *, allow_remote: bool) -> list[IpAddress]:
    """The addresses to connect to, every one of them allowed.

    Raises PolicyRefused when any of them may not be reached, LlmUnavailable when there is none.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise LlmUnavailable(
            f"The name of the model's endpoint {address.label} cannot be resolved.",
            "Check llm.endpoint and the host's name resolution.",
        ) from error
    addresses = list(dict.fromkeys(_plain(str(entry[4][0])) for entry in found))
    for candidate in addresses:
        _insist(address, candidate, allow_remote=allow_remote)
    return addresses


def is_private(candidate: IpAddress) -> bool:
    """Whether this is a loopback address or one of a network of one's own."""
    return any(candidate in network for network in _PRIVATE)


def _plain(text: str) -> IpAddress:
    candidate = ip_address(text.partition("%")[0])
    mapped = candidate.ipv4_mapped if isinstance(candidate, IPv6Address) else None
    return mapped or candidate


def _insist(address: Address, candidate: IpAddress, *, allow_remote: bool) -> None:
    if any(candidate in network for network in _NEVER):
        raise PolicyRefused(
            f"The model's endpoint {address.label} is a link-local or metadata address.",
            "Set llm.endpoint to the address of a model server.",
        )
    if not allow_remote and not is_private(candidate):
        raise PolicyRefused(
            f"The model's endpoint {address.label} is neither a loopback nor a private address.",
            "To send redacted log text there, set llm.allow_remote: true.",
        )
