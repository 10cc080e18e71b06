"""URLs, read in the one way in which they can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.outbound.destination import Origin, parse_destination, parse_origin
from ostiary.protocol.malformed import Malformed


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("https://rp.example", "https://rp.example", "/"),
        ("https://rp.example:443/", "https://rp.example", "/"),
        ("HTTPS://RP.Example:8443/A?b=c/d", "https://rp.example:8443", "/A?b=c/d"),
        ("https://rp.example?b", "https://rp.example", "/?b"),
        ("https://rp.example//a/../b%2e", "https://rp.example", "//a/../b%2e"),
        ("http://localhost:8080/@x:y", "http://localhost:8080", "/@x:y"),
        ("https://192.0.2.1/", "https://192.0.2.1", "/"),
        ("https://[2001:DB8:0::1]:8443/", "https://[2001:db8::1]:8443", "/"),
        ("https://xn--mller-kva.example/", "https://xn--mller-kva.example", "/"),
        ("https://1.example/", "https://1.example", "/"),
    ],
)
@pytest.mark.spec("RFC 3986 §3")
def test_an_url_has_an_origin_and_a_target(url: str, origin: str, target: str) -> None:
    destination = parse_destination(url)
    assert (str(destination.origin), destination.target) == (origin, target)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "rp.example/",
        "//rp.example/",
        "https:rp.example/",
        "https:/rp.example/",
        "https:///rp.example/",
        "https://",
        "https://:443/",
        "https://rp.example:/",
        "https://rp.example:0/",
        "https://rp.example:65536/",
        "https://rp.example:443:443/",
        "https://rp.example:٤٤٣/",
        "https://rp.example/#part",
        "https://rp.example#part",
        "https://rp.example/a b",
        "https://rp.example/a\nb",
        "https://rp.example/ä",
        "https://rp.example/\x00",
        "https://rp.example\\@evil.example/",
        "https://rp.example/\\evil",
        "https://rp%2eexample/",
        "https://müller.example/",
        "https://rp。example/",
        "https://\u212aeys.example/",  # the sign for Kelvin, which is a k to those who ignore case
        "https://rp_1.example/",
        "https://-rp.example/",
        "https://rp..example/",
        "https://.rp.example/",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 130}example/",
        f"https://rp.example/{'a' * 2000}",
        "https://[::1/",
        "https://::1/",
        "https://[fe80::1%25eth0]/",
        "https://[1.2.3.4]/",
        "https://[v1.a]/",
        " https://rp.example/",
        "https://rp.example/ ",
    ],
)
@pytest.mark.spec("RFC 3986 §3")
@pytest.mark.spec("RFC 1123 §2.1")
def test_what_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(Malformed):
        parse_destination(url)


@given(st.text(max_size=60) | st.text("aZ0.-:/?#[]@\\%xä ", max_size=20).map("https://".__add__))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        destination = parse_destination(text)
    except Malformed:
        return
    origin = destination.origin
    assert parse_destination(f"{origin}{destination.target}") == destination


def test_an_origin_is_scheme_host_and_port() -> None:
    loopback = Origin(scheme="http", host="localhost", port=8080)
    assert parse_origin("http://localhost:8080") == loopback
    assert parse_origin("HTTPS://[::1]").authority == "[::1]"


@pytest.mark.parametrize(
    "text",
    ["localhost:8080", "http://localhost:8080/", "http://localhost/a", "http://a?b", "*", ""],
)
def test_what_is_more_or_less_than_an_origin_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="such as http://localhost:8080"):
        parse_origin(text)
