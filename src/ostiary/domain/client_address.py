"""Under which name the requests of one address are counted."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

# A household or a server has at least so much of IPv6 to itself.
_IPV6_PREFIX = 64


@lru_cache(maxsize=4096)
def counted_address(address: str) -> str | None:
    """The IPv4 address, or the network of the IPv6 address; None for this machine itself, behind
    which anybody may stand, and for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            network = int(parsed) >> (128 - _IPV6_PREFIX) << (128 - _IPV6_PREFIX)
            return None if parsed.is_loopback else f"{IPv6Address(network)}/{_IPV6_PREFIX}"
        parsed = parsed.ipv4_mapped
    return None if parsed.is_loopback else str(parsed)
