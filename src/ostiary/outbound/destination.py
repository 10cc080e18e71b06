"""Where a request goes: the parts of an URL, read so strictly that there is one way to read them.

RFC 3986 §3, RFC 1123 §2.1.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from ostiary.protocol.malformed import Malformed

MAX_LENGTH = 2000

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65_535
_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<host>[a-z0-9.-]{1,253}))"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<target>[/?][\x21\x22\x24-\x5b\x5d-\x7e]*)?",  # no # and no \
    re.ASCII | re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# What some resolvers read as a part of an IPv4 address: decimal, octal or hexadecimal.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """`host` is a name in lower case, or an address in its one spelling and without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """As the header Host has it: the port only where the scheme does not say it already."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    origin: Origin
    target: str


def parse_destination(url: str) -> Destination:
    """Raises Malformed, also for what a browser would forgive."""
    expected = "https://host[:port]/path, without user name and fragment"
    match = None if len(url) > MAX_LENGTH else _URL.fullmatch(url)
    if match is None:
        raise Malformed("url", expected)
    scheme = match["scheme"].lower()
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if not 0 < port <= _HIGHEST_PORT:
        raise Malformed("url", expected)
    try:
        host = str(IPv6Address(match["address"])) if match["address"] else _host(match["host"])
    except ValueError as error:
        raise Malformed("url", f"{expected}; the host a plain name or address") from error
    target = match["target"] or "/"
    return Destination(
        origin=Origin(scheme=scheme, host=host, port=port),
        target=target if target.startswith("/") else f"/{target}",
    )


def parse_origin(text: str) -> Origin:
    """Scheme, host and port alone, such as http://localhost:8080."""
    expected = "a scheme, a host and a port, such as http://localhost:8080"
    try:
        # With a path of ours there is no room for one of theirs.
        destination = parse_destination(f"{text}/")
    except Malformed as error:
        raise Malformed("origin", expected) from error
    if destination.target != "/":
        raise Malformed("origin", expected)
    return destination.origin


def _host(text: str) -> str:
    """Raises ValueError for what is neither a name nor an IPv4 address of four decimal numbers."""
    name = text.lower()
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return str(IPv4Address(name))
    if not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("no name of a host")
    return name
