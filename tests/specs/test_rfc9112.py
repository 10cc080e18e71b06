"""HTTP/1.1 as the server speaks it on the wire: RFC 9112, RFC 9110, RFC 6585. Attacks: section 12."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.spoken import speak
from tests.kit.server import Site, make_site, serving
from tests.kit.world import CONSUMER, ENTERPRISE, SECRET

PATH = b"/.well-known/openid-configuration"
CLOSE = b"Connection: close"


@pytest.fixture(scope="module")
def site(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = make_site(template, tmp_path_factory.mktemp("wire") / "ostiary.db")
    with serving(made):
        yield made


def discovery(site: Site, *lines: bytes, target: bytes = PATH) -> tuple[int, str]:
    """The status, and whose document it is."""
    request = b"\r\n".join([b"GET %s HTTP/1.1" % target, *lines, CLOSE, b"", b""])
    heard = speak(site.port, request)
    (status,) = heard.statuses
    return status, json.loads(heard.text)["issuer"] if status == 200 else ""


@pytest.mark.spec("RFC 9112 §3.2")
def test_a_request_has_one_host(site: Site) -> None:
    """A server MUST refuse a request that lacks a Host header or has more than one."""
    ours, other = b"Host: localhost:%d" % site.port, b"Host: 127.0.0.1:%d" % site.port
    assert discovery(site, ours) == (200, site.enterprise.url)
    for hosts in ([], [ours, other], [other, ours], [ours, ours]):
        assert discovery(site, *hosts) == (421, "")


@pytest.mark.spec("RFC 9112 §3.2.2")
def test_the_host_of_a_whole_address_counts_and_not_that_of_the_header(site: Site) -> None:
    """With an absolute-form target a server MUST ignore the Host header."""
    host = b"Host: localhost:%d" % site.port
    for origin, issuer in (
        (b"http://localhost", site.enterprise),
        (b"http://127.0.0.1", site.consumer),
    ):
        target = b"%s:%d%s" % (origin, site.port, PATH)
        assert discovery(site, host, target=target) == (200, issuer.url)
    assert discovery(site, host, target=b"http://elsewhere.example%s" % PATH) == (421, "")


@pytest.mark.spec("RFC 9110 §6.5.1")
def test_a_trailer_is_no_header(site: Site) -> None:
    """A trailer MUST NOT be merged into the headers: nobody on the way has looked at it."""
    for issuer in (ENTERPRISE, CONSUMER):
        form = b"grant_type=client_credentials&client_id=web"
        secret = b"&client_secret=%s" % SECRET.encode()
        host = (site.enterprise if issuer is ENTERPRISE else site.consumer).host.encode()
        for body, status in ((form + secret, 200), (form, 401)):
            request = b"\r\n".join(
                [
                    b"POST %s/token HTTP/1.1" % issuer.base_path.encode(),
                    b"Host: " + host,
                    b"Content-Type: application/x-www-form-urlencoded",
                    b"Transfer-Encoding: chunked",
                    CLOSE,
                    b"",
                    b"%x" % len(body),
                    body,
                    b"0",
                    b"Authorization: Basic d2ViOm9zdGlhcnlfYS1zZWNyZXQtb2YtdGhlLXRlc3Rz",
                    b"Content-Type: text/plain",
                    b"",
                    b"",
                ]
            )
            assert speak(site.port, request).statuses == [status]


@pytest.mark.spec("RFC 9110 §5.4", "RFC 6585 §5")
def test_a_head_that_is_too_large_is_refused_with_431(site: Site) -> None:
    """Fields larger than the server wishes to process MUST be answered with a 4xx: this one."""
    host = b"Host: localhost:%d" % site.port
    assert discovery(site, host, b"Cookie: a=" + b"b" * 60_000)[0] == 200
    assert discovery(site, host, b"Cookie: a=" + b"b" * 66_000)[0] == 431
    assert discovery(site, host, *[b"A: b"] * 99)[0] == 431
