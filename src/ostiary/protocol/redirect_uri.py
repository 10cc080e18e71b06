"""Redirect URIs: what may be registered, and which registered one a request names.

RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §4.1.
"""

import re
from urllib.parse import urlsplit

from ostiary.protocol.malformed import Malformed

MAX_LENGTH = 2000

_LOOPBACK = re.compile(
    r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([0-9]{1,5}))?((?:/|\?|$).*)", re.DOTALL
)
_HIGHEST_PORT = 65_535
_VISIBLE = re.compile(r"[\x21-\x7E]+")
_PRIVATE_USE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")  # RFC 8252 §7.1
# urlsplit reads over what stands around the brackets of an address.
_NETLOC = re.compile(r"([^\[\]:]*|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")  # RFC 1123 §2.1
_ADDRESS = re.compile(r"[0-9a-f.:]+")
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def find_redirect_uri(uri: str, registered: tuple[str, ...], *, native: bool) -> bool:
    """Whether `uri` is registered: the same string, to the letter.

    A native client's http loopback literal may come with any port, since the system hands that out
    at run time (RFC 8252 §7.3).
    """
    if uri in registered:
        return True
    if not native:
        return False
    portless = _without_port(uri)
    return portless is not None and any(_without_port(known) == portless for known in registered)


def _without_port(uri: str) -> tuple[str, str] | None:
    match = _LOOPBACK.fullmatch(uri)
    if match is None or int(match[2] or 0) > _HIGHEST_PORT:
        return None
    return match[1], match[3]


def check_registrable(uri: str, *, native: bool) -> str:
    """The URI, proved to be one that a client may register."""
    expected = "an absolute https URI, or http on loopback, without fragment or user name"
    if native:
        expected += "; or one whose scheme has a dot, such as com.example.app:/cb"
    if len(uri) > MAX_LENGTH or not _VISIBLE.fullmatch(uri) or "\\" in uri or "*" in uri:
        raise Malformed("redirect_uri", expected)
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Malformed("redirect_uri", expected) from error
    if "#" in uri or "@" in parts.netloc or not _NETLOC.fullmatch(parts.netloc):
        raise Malformed("redirect_uri", expected)
    if parts.scheme == "https" and host and _is_host(host):
        return uri
    if parts.scheme == "http" and host in LOOPBACK_HOSTS:
        return uri
    if native and _PRIVATE_USE_SCHEME.fullmatch(parts.scheme):
        return uri
    raise Malformed("redirect_uri", expected)


def _is_host(host: str) -> bool:
    """A name, or an IPv6 address, from which urlsplit has taken the brackets."""
    if ":" in host:
        return _ADDRESS.fullmatch(host) is not None
    return all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))
