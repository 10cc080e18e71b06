"""Which addresses are the public internet's."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.outbound.addresses import is_public

PUBLIC = [
    "1.1.1.1",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "2606:4700::1111",
    "2a00:1450:4001:80b::200e",
    "::ffff:93.184.215.14",
    "64:ff9b::93.184.215.14",
]

# What each is called by the registries of special addresses.
SPECIAL = {
    "0.0.0.0": "this host",  # noqa: S104  looked at, not listened on
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "100.64.0.1": "shared by a carrier's customers",
    "100.100.100.200": "shared; one cloud's metadata",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "169.254.169.254": "link local; the metadata of most clouds",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.1": "protocol assignments",
    "192.0.0.192": "protocol assignments; one cloud's metadata",
    "192.0.2.1": "documentation",
    "192.88.99.1": "relays of 6to4",
    "192.168.0.1": "private",
    "198.18.0.1": "benchmarks",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "compatible with IPv4, long deprecated",
    "::ffff:127.0.0.1": "mapped loopback",
    "::ffff:169.254.169.254": "mapped link local",
    "::ffff:10.0.0.1": "mapped private",
    "::ffff:0:127.0.0.1": "translated loopback",
    "64:ff9b::127.0.0.1": "loopback behind a NAT64",
    "64:ff9b::10.0.0.1": "private behind a NAT64",
    "64:ff9b::169.254.169.254": "link local behind a NAT64",
    "64:ff9b:1::1.1.1.1": "a NAT64 of one's own",
    "100::1": "discarded",
    "2001::1": "Teredo",
    "2001:0:7f00:1::": "Teredo",
    "2001:2::1": "benchmarks",
    "2001:db8::1": "documentation",
    "2002:7f00:1::": "loopback by 6to4",
    "2002:a00:1::1": "private by 6to4",
    "2002:101:101::1": "6to4",
    "3fff::1": "documentation",
    "4000::1": "given out to nobody",
    "5f00::1": "segment routing",
    "fc00::1": "unique local",
    "fd00:ec2::254": "unique local; one cloud's metadata",
    "fe80::1": "link local",
    "fe80::1%1": "link local, with its link",
    "fec0::1": "site local, deprecated",
    "ff02::1": "multicast",
    "ff0e::1": "multicast everywhere",
}


@pytest.mark.parametrize("text", PUBLIC)
def test_a_host_of_the_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(("text", "what"), SPECIAL.items())
@pytest.mark.spec("RFC 6052 §2.1")
def test_a_special_address_is_not_public(text: str, what: str) -> None:
    assert not is_public(ip_address(text)), what


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_ipv4_host_is_the_same_host_by_its_ipv6_addresses(host: IPv4Address) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        written = IPv6Address(int(IPv6Address(prefix)) + int(host))
        assert is_public(written) == is_public(host)
        assert not is_public(host) or host.is_global
