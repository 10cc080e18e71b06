"""Behind proxies: who really asks, by which scheme and for which host. RFC 7239 §4, §5, RFC 9700 §4.13.

Only a trusted proxy is believed. What anybody else says about these things is taken away, so that
nothing behind this point can be misled by it.
"""

import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Literal, TypeAlias

from ostiary.domain.refusals import ReasonCode, Refusal, shown
from ostiary.web.asgi import Application, Receive, Scope, Send, send_response
from ostiary.web.client_certificate import CLIENT_CERTIFICATE, put_certificate
from ostiary.web.request_facts import REQUEST_ID, TRUSTED
from ostiary.web.responses import json_refusal

Network: TypeAlias = IPv4Network | IPv6Network
# The family of headers that the proxies write. The other one may be a client's own.
Family: TypeAlias = Literal["x-forwarded", "forwarded"]

# In a scope: whether the request has crossed a network without TLS, as far as is known.
CAME_PLAIN: Final = "came_plain"
X_REQUEST_ID: Final = b"x-request-id"

_NAMES: Final = frozenset(
    {b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded", X_REQUEST_ID}
)
_SCHEMES: Final = frozenset({"http", "https"})
_PLAIN_ID: Final = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxies:
    """`unix`: whoever can open our socket's file. `certificate_header`, in lower case, has the
    client's certificate."""

    networks: tuple[Network, ...] = ()
    unix: bool = False
    family: Family = "x-forwarded"
    certificate_header: bytes | None = None

    def trusts(self, address: str | None) -> bool:
        """Whether a peer at this address is one of them; None is one at the other end of a file."""
        return self.unix if address is None else _is_in(self.networks, address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """What one proxy says of the request that it got: from whom, and how it came."""

    address: str | None
    scheme: str | None = None
    host: str | None = None


class Forwarded:
    """In front of everything that looks at who asks."""

    def __init__(self, inner: Application, proxies: TrustedProxies) -> None:
        self._inner: Final = inner
        self._proxies: Final = proxies
        certificate = proxies.certificate_header
        self._names: Final = _NAMES | {certificate} if certificate else _NAMES

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        peer = scope["client"]
        address = peer[0] if peer else None
        scope[CAME_PLAIN] = scope["scheme"] == "http" and not _is_here(address)
        said = self._names.intersection([name for name, _ in scope["headers"]])
        try:
            if self._proxies.trusts(address):
                self._believe(scope, said)
        except Refusal as refusal:
            return send_response(json_refusal(refusal, basic=False), send)
        if said:
            scope["headers"] = [each for each in scope["headers"] if each[0] not in said]
        return self._inner(scope, receive, send)

    def _believe(self, scope: Scope, said: frozenset[bytes]) -> None:
        scope[TRUSTED] = True
        # That of our own handshake is the proxy's, and not its client's.
        scope.pop(CLIENT_CERTIFICATE, None)
        certificate = self._proxies.certificate_header
        if certificate is not None and certificate in said:
            put_certificate(scope, _only_value(scope, certificate))
        if X_REQUEST_ID in said:
            _put_request_id(scope, _only_value(scope, X_REQUEST_ID))
        hop = choose_hop(read_hops(scope, self._proxies.family), self._proxies)
        if hop is None:
            return
        if hop.address is not None:
            scope["client"] = (hop.address, 0)
        if hop.scheme is not None:
            scope["scheme"] = hop.scheme
            scope[CAME_PLAIN] = hop.scheme == "http"
        if hop.host is not None:
            _replace_host(scope, hop.host.encode("latin-1"))


def choose_hop(hops: Sequence[Hop], proxies: TrustedProxies) -> Hop | None:
    """The last that a trusted proxy has written and that is not itself about a trusted proxy: what
    stands before it may be the client's own invention."""
    chosen = None
    for hop in reversed(hops):
        chosen = hop
        if hop.address is None or not proxies.trusts(hop.address):
            break
    return chosen


def read_hops(scope: Scope, family: Family) -> Sequence[Hop]:
    """What the proxies say, the nearest last. Raises the Refusal of what cannot be read."""
    if family == "forwarded":
        return [_parse_element(each) for each in _listed(scope, b"forwarded")]
    addresses = _listed(scope, b"x-forwarded-for")
    schemes = _one_each(_listed(scope, b"x-forwarded-proto"), addresses, "X-Forwarded-Proto")
    hosts = _one_each(_listed(scope, b"x-forwarded-host"), addresses, "X-Forwarded-Host")
    return [
        Hop(address=_parse_address(address), scheme=_scheme(scheme), host=host)
        for address, scheme, host in zip(addresses or [""], schemes, hosts, strict=True)
    ]


def _one_each(values: list[str], addresses: list[str], name: str) -> Sequence[str | None]:
    """One for each hop. A single one is of whoever wrote it: every proxy has let it stand."""
    hops = max(1, len(addresses))
    if len(values) == hops:
        return values
    if len(values) > 1:
        raise ReasonCode.PROXY_HEADER_MALFORMED.refusal(
            expected=f"one {name}, or one for each X-Forwarded-For", received=", ".join(values)
        )
    return [values[0] if values else None] * hops


def _parse_element(element: str) -> Hop:
    """One `forwarded-element`. RFC 7239 §4."""
    found: dict[str, str] = {}
    for pair in element.split(";"):
        name, equals, value = pair.strip().partition("=")
        if not equals or name.lower() in found:
            raise ReasonCode.PROXY_HEADER_MALFORMED.refusal(
                expected="name=value, each once", received=element
            )
        found[name.lower()] = value.removeprefix('"').removesuffix('"')
    return Hop(
        address=_parse_address(found.get("for", "")),
        scheme=_scheme(found.get("proto")),
        host=found.get("host"),
    )


def _parse_address(text: str) -> str | None:
    """The address without its port; None for "unknown" and for names that hide it. RFC 7239 §6."""
    bracketed, _, _ = text.removeprefix("[").partition("]")
    host = bracketed if text.startswith("[") else text
    if host.count(":") == 1:
        host, _, _ = host.partition(":")
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _scheme(text: str | None) -> str | None:
    scheme = None if text is None else text.lower()
    if scheme is not None and scheme not in _SCHEMES:
        raise ReasonCode.PROXY_HEADER_MALFORMED.refusal(expected="http or https", received=text)
    return scheme


def _listed(scope: Scope, name: bytes) -> list[str]:
    """The members of a list, which may be spread over several lines. RFC 9110 §5.3."""
    lines = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return [member.strip() for line in lines for member in line.split(",") if member.strip()]


def _only_value(scope: Scope, name: bytes) -> bytes:
    values: list[bytes] = [value for key, value in scope["headers"] if key == name]
    if len(values) != 1:
        raise ReasonCode.PROXY_HEADER_MALFORMED.refusal(
            expected=f"one {shown(name.decode('latin-1'))}", received=len(values)
        )
    return values[0]


def _put_request_id(scope: Scope, value: bytes) -> None:
    """One that would not be plain in a log is as good as none."""
    if _PLAIN_ID.fullmatch(value):
        scope[REQUEST_ID] = value.decode("ascii")


def _replace_host(scope: Scope, host: bytes) -> None:
    others = [header for header in scope["headers"] if header[0] != b"host"]
    scope["headers"] = [*others, (b"host", host)]


@lru_cache(maxsize=1024)
def _is_in(networks: tuple[Network, ...], address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)


@lru_cache(maxsize=1024)
def _is_here(address: str | None) -> bool:
    """Whether the peer is on this machine, so that no network lies between."""
    try:
        return address is None or ip_address(address).is_loopback
    except ValueError:
        return False
