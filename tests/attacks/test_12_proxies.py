"""Catalogue section 12: what is believed of a proxy, and of somebody who says to be one."""

from base64 import b64encode
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from ostiary.app import Front
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.web.client_certificate import CLIENT_CERTIFICATE, parse_certificate
from ostiary.web.forwarded import Family, TrustedProxies
from ostiary.web.request_facts import REQUEST_ID
from tests.attacks.wire import Headers
from tests.kit.proxied import (
    BASE64,
    DER,
    ELEMENT,
    PEM,
    PROXY,
    STRANGER,
    TRUSTED,
    WITH_CERTIFICATES,
    X,
    address,
    host,
    seen_behind,
)
from tests.kit.world import ENTERPRISE, World, an_event

LIVE = replace(ENTERPRISE, url="https://bank.example", environment=Environment.PRODUCTION)
# ---- who asks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", [STRANGER, "127.0.0.1", "2001:db8::1", "11.0.0.1", "", None])
async def test_fw_01_of_nobody_else_anything(peer: str | None) -> None:
    said = [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "https")]
    said += [("X-Forwarded-Host", "bank.example"), ("Forwarded", "for=1.2.3.4;proto=https")]
    said += [("X-Request-Id", "theirs"), ("X-Client-Cert", BASE64)]
    seen = await seen_behind(WITH_CERTIFICATES, said, peer)
    assert (address(seen), seen["scheme"]) == (peer, "http")
    assert seen["headers"] == [(b"host", b"internal:9400")]
    assert not {REQUEST_ID, CLIENT_CERTIFICATE} & seen.keys()


async def test_a_proxy_at_the_other_end_of_a_socket_file() -> None:
    said = [("X-Forwarded-For", STRANGER)]
    seen = await seen_behind(TrustedProxies(unix=True), said, None)
    assert address(seen) == STRANGER
    assert address(await seen_behind(TRUSTED, said, None)) is None


async def test_an_ipv4_address_in_the_form_of_ipv6_is_the_same_proxy() -> None:
    seen = await seen_behind(TRUSTED, [("X-Forwarded-For", STRANGER)], f"::ffff:{PROXY}")
    assert address(seen) == STRANGER


@pytest.mark.parametrize("name", ["X_Forwarded_For", "X-Real-IP", "True-Client-IP", "Forwarded"])
async def test_fw_02_names_that_are_not_agreed_on_say_nothing(name: str) -> None:
    seen = await seen_behind(TRUSTED, [(name, f"for={STRANGER}"), (name, STRANGER)])
    assert address(seen) == PROXY


# ---- by which scheme, for which host ------------------------------------------------------------


@pytest.mark.parametrize("family", ["x-forwarded", "forwarded"])
async def test_fw_04_the_family_that_the_proxies_do_not_write_may_be_the_clients_own(
    family: Family,
) -> None:
    other = X if family == "forwarded" else [("Forwarded", ELEMENT)]
    seen = await seen_behind(replace(TRUSTED, family=family), other)
    assert (address(seen), seen["scheme"], host(seen)) == (PROXY, "http", [b"internal:9400"])


TWICE = {
    "schemes": [("X-Forwarded-For", STRANGER), ("X-Forwarded-Proto", "https, http")],
    "hosts": [
        ("X-Forwarded-For", STRANGER),
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Host", "bank.example"),
    ],
    "schemes of nobody": [("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http")],
    "another scheme": [("X-Forwarded-Proto", "gopher")],
    "certificates": [("X-Client-Cert", BASE64), ("X-Client-Cert", BASE64)],
    "names of the request": [("X-Request-Id", "a"), ("X-Request-Id", "b")],
}


@pytest.mark.parametrize("headers", TWICE.values(), ids=TWICE.keys())
async def test_fw_04_what_client_and_proxy_have_both_sent_is_refused(headers: Headers) -> None:
    seen = await seen_behind(WITH_CERTIFICATES, headers)
    assert (seen["status"], "headers" in seen) == (400, False)


@pytest.mark.parametrize("element", ["for", "for=1.2.3.4;for=5.6.7.8", ";"])
async def test_an_element_that_cannot_be_read_is_refused(element: str) -> None:
    seen = await seen_behind(replace(TRUSTED, family="forwarded"), [("Forwarded", element)])
    assert (seen["status"], "headers" in seen) == (400, False)


async def test_the_name_that_a_trusted_proxy_gives_a_request_is_kept() -> None:
    assert (await seen_behind(TRUSTED, [("X-Request-Id", "abc-1.2")]))[REQUEST_ID] == "abc-1.2"


@pytest.mark.parametrize("name", ["a b", "a\x1b[2J", "x" * 129, "ä"])
async def test_a_name_that_would_not_be_plain_in_a_log_is_not(name: str) -> None:
    assert REQUEST_ID not in await seen_behind(TRUSTED, [("X-Request-Id", name)])


# ---- FW-05: without TLS -------------------------------------------------------------------------


async def ask_live(world: World, peer: str, path: str, **headers: str) -> httpx2.Response:
    """At an issuer of https, behind proxies that are trusted, over plain http."""
    await world.store.issuers.save(LIVE, an_event())
    live = world.restarted(Front(proxies=TRUSTED), peer=peer)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with live.http(replace(LIVE, url="http://bank.example")) as http:
        answer = await http.get(path, headers=named)
    await live.ostiary.close()
    return answer


PATHS = ("/.well-known/openid-configuration", f"{ENTERPRISE.base_path}/auth", "/")


@pytest.mark.spec("RFC 6749 §3.1", "RFC 6749 §3.2")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        (STRANGER, {}),
        (STRANGER, {"X_Forwarded_Proto": "https"}),
        (PROXY, {"X_Forwarded_Proto": "http"}),
        (PROXY, {}),
    ],
)
async def test_fw_05_plain_http_over_a_network_is_refused_with_a_sentence(
    world: World, peer: str, headers: dict[str, str], path: str
) -> None:
    answer = await ask_live(world, peer, path, **headers)
    assert answer.status_code == 400
    record = await world.store.refusals.find([LIVE.issuer_id], answer.headers["ostiary-reference"])
    assert record is not None
    assert record.code == ReasonCode.PLAIN_HTTP.name.lower()


@pytest.mark.parametrize(
    ("peer", "headers"), [(PROXY, {"X_Forwarded_Proto": "https"}), ("127.0.0.1", {})]
)
async def test_fw_05_https_by_a_proxy_and_plain_http_on_this_machine_are_not(
    world: World, peer: str, headers: dict[str, str]
) -> None:
    answer = await ask_live(world, peer, PATHS[0], **headers)
    assert answer.json()["issuer"] == LIVE.url
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_fw_05_an_issuer_of_plain_http_is_reached_by_it(world: World) -> None:
    live: Issuer = ENTERPRISE
    async with replace(world, peer=STRANGER).http(live) as http:
        assert (await http.get(PATHS[0])).status_code == 200


# ---- certificates -------------------------------------------------------------------------------

NONE = ["", " ", "(null)", "-", "{http.request.tls.client.certificate_der_base64}"]
DAMAGED = {
    "cut short": BASE64[:-8],
    "more behind it": b64encode(DER + b"!").decode(),
    "two certificates": PEM.replace("\n", " ") * 2,
    "no certificate": b64encode(b"hello").decode(),
    "another encoding": "ä" + BASE64,
    "a line end": quote("-----BEGIN CERTIFICATE-----\n" + BASE64),
    "1 MB": BASE64 * 3000,
    "something else": "Subject=evil",
}


@pytest.mark.parametrize("value", NONE)
async def test_a_proxy_says_that_there_is_no_certificate(value: str) -> None:
    seen = await seen_behind(WITH_CERTIFICATES, [("X-Client-Cert", value)])
    assert seen["status"] == 200
    assert CLIENT_CERTIFICATE not in seen


@pytest.mark.parametrize("value", DAMAGED.values(), ids=DAMAGED.keys())
async def test_fw_03_a_certificate_that_is_none_is_refused_and_not_left_out(value: str) -> None:
    seen = await seen_behind(WITH_CERTIFICATES, [("X-Client-Cert", value)])
    assert (seen["status"], "headers" in seen) == (400, False)
    with pytest.raises(ValueError):
        parse_certificate(value.encode())


async def test_fw_03_one_that_was_dropped_on_the_way_is_missing(world: World) -> None:
    """Neither that of another header nor that of the proxy itself stands in for it."""
    of_proxy: dict[str, Any] = {CLIENT_CERTIFICATE: b"the proxy's own"}
    headers = [("X-Ssl-Cert", BASE64), ("Client-Cert", f":{BASE64}:"), ("Connection", "close")]
    seen = await seen_behind(WITH_CERTIFICATES, headers, **of_proxy)
    assert CLIENT_CERTIFICATE not in seen


async def test_fw_03_that_of_our_own_handshake_is_the_clients_where_no_proxy_is() -> None:
    own: dict[str, Any] = {CLIENT_CERTIFICATE: b"of the handshake"}
    seen = await seen_behind(WITH_CERTIFICATES, [("X-Client-Cert", BASE64)], STRANGER, **own)
    assert seen[CLIENT_CERTIFICATE] == b"of the handshake"
