"""Which addresses a name has, and whether the public internet is there. RFC 6890, RFC 6052."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias

from ostiary.outbound.fetcher import NAME_NOT_FOUND, FetchFailed

Address: TypeAlias = IPv4Address | IPv6Address
# From a host and a port to addresses, the preferred first.
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[Address]]]

# All that has been given out of IPv6 so far; outside are loopback, link, site and private addresses.
_GLOBAL_UNICAST = ip_network("2000::/3")
# IPv6 addresses of IPv4 hosts: mapped, and as a NAT64 translates them (RFC 6052 §2.1).
_OF_IPV4_HOSTS = (ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96"))
# What older Pythons call global: protocol assignments (one cloud's metadata is there), relays of
# 6to4 and 6to4 itself, whose addresses contain any IPv4 address, and documentation.
_SPECIAL = (
    ip_network("192.0.0.0/24"),
    ip_network("192.88.99.0/24"),
    ip_network("2002::/16"),
    ip_network("3fff::/20"),
)


def is_public(address: Address) -> bool:
    """Whether it is a host of the public internet, and not one inside, nor a way to one inside."""
    if isinstance(address, IPv6Address):
        if any(address in network for network in _OF_IPV4_HOSTS):
            return is_public(IPv4Address(address.packed[-4:]))
        if address not in _GLOBAL_UNICAST:
            return False
    special = address.is_multicast or any(address in network for network in _SPECIAL)
    return address.is_global and not special


async def resolve_by_system(host: str, port: int) -> Sequence[Address]:
    """All addresses that the system knows, in the order in which it would try them."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise FetchFailed(NAME_NOT_FOUND) from error
    return [ip_address(address[0]) for _, _, _, _, address in found]
