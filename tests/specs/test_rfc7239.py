"""What a proxy says of a request: `Forwarded`, and the older headers of the same meaning. RFC 7239 §4 to §6."""

from dataclasses import replace

import pytest

from ostiary.web.forwarded import CAME_PLAIN, Family
from tests.attacks.wire import Headers
from tests.kit.proxied import ELEMENT, PROXY, STRANGER, TRUSTED, X, address, host, seen_behind

FOR = [
    (["198.51.100.7"], "198.51.100.7"),
    (["203.0.113.9, 198.51.100.7"], "198.51.100.7"),  # the first is what the client has said
    (["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
    (["198.51.100.7, 10.1.2.3"], "198.51.100.7"),  # through two of ours
    (["10.9.9.9, 10.1.2.3"], "10.9.9.9"),  # only ours: who began is one of them
    (["198.51.100.7:4711"], "198.51.100.7"),
    (["[2001:db8::7]:4711"], "2001:db8::7"),
    (["2001:db8::7"], "2001:db8::7"),
    (["2001:db8::7, 2001:db8:1::1"], "2001:db8::7"),
    (["unknown"], PROXY),
    (["203.0.113.9, unknown"], PROXY),
    (["' OR 1=1"], PROXY),
]


@pytest.mark.spec("RFC 7239 §5")
@pytest.mark.spec("RFC 7239 §6")
@pytest.mark.spec("RFC 9110 §5.3")
@pytest.mark.spec("RFC 9700 §4.13")
@pytest.mark.parametrize(("lines", "expected"), FOR)
async def test_of_a_trusted_proxy_the_last_address_that_is_not_one_of_ours(
    lines: list[str], expected: str
) -> None:
    """The client's address: what stands before it may be its own invention. RFC 7239 §5.2."""
    seen = await seen_behind(TRUSTED, [("X-Forwarded-For", line) for line in lines])
    assert address(seen) == expected
    assert all(not name.startswith(b"x-forwarded") for name, _ in seen["headers"])


FAMILIES: list[tuple[Family, Headers]] = [
    ("x-forwarded", X),
    ("x-forwarded", [("X-Forwarded-For", f"1.2.3.4, {STRANGER}"), *X[1:]]),
    (
        "x-forwarded",
        [
            ("X-Forwarded-For", f"1.2.3.4, {STRANGER}, 10.0.0.2"),
            ("X-Forwarded-Proto", "http, https, http"),
            ("X-Forwarded-Host", "evil.test, bank.example, internal"),
        ],
    ),
    ("forwarded", [("Forwarded", ELEMENT)]),
    ("forwarded", [("Forwarded", f"for=1.2.3.4;proto=http;host=evil.test, {ELEMENT}")]),
    ("forwarded", [("Forwarded", f"{ELEMENT}, for=10.0.0.2;proto=http;host=internal")]),
    # A quoted string of the client's does not swallow what the proxy has written behind it.
    ("forwarded", [("Forwarded", f'for="evil, {ELEMENT}')]),
]


@pytest.mark.spec("RFC 7239 §4")
@pytest.mark.parametrize(("family", "headers"), FAMILIES)
async def test_what_the_outermost_of_ours_has_seen_counts(family: Family, headers: Headers) -> None:
    """`for`, `proto` and `host` are of one hop. RFC 7239 §4."""
    seen = await seen_behind(replace(TRUSTED, family=family), headers)
    assert (address(seen), seen["scheme"], host(seen)) == (STRANGER, "https", [b"bank.example"])
    assert not seen[CAME_PLAIN]
