"""What arrives behind each proxy, and what does not: docs/how-to/reverse-proxy.md."""

import asyncio
import contextlib
import json
import socket
import ssl
import time
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ostiary.serving.http_server import HttpServer
from ostiary.web.asgi import Receive, Scope, Send, send_response
from ostiary.web.client_certificate import CLIENT_CERTIFICATE
from ostiary.web.forwarded import CAME_PLAIN, Forwarded, TrustedProxies
from ostiary.web.request_facts import REQUEST_ID
from ostiary.web.responses import HttpResponse
from tests.kit.relying_party import RelyingParty
from tests.kit.server import free_port, make_site, start_server
from tests.outbound.certificates import TestAuthority
from tests.proxies.configurations import PROXIES, Proxy, client_context, running

pytestmark = pytest.mark.proxies

# Uvicorn's own.
SECONDS_WE_KEEP = 5.0
# This machine has many addresses; the proxy is another one of them.
CLIENT = "127.0.0.9"
TRUSTED = TrustedProxies(networks=(ip_network("127.0.0.1"),), certificate_header=b"x-client-cert")
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.test",
    "Forwarded": "for=203.0.113.9;proto=http;host=evil.test",
    "X-Request-Id": "forged",
}
FORGED_CERTIFICATE = {"X-Client-Cert": "forged"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A proxy that runs, and what is needed to ask it."""

    port: int
    authority: Path
    client_file: Path

    def http(self, *, certificate: bool = False, **options: Any) -> httpx2.AsyncClient:
        context = client_context(self.authority, self.client_file if certificate else None)
        transport = httpx2.AsyncHTTPTransport(verify=context, local_address=CLIENT, **options)
        return httpx2.AsyncClient(
            transport=transport, base_url=f"https://localhost:{self.port}", timeout=10
        )


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it has seen of the request."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    certificate = scope.get(CLIENT_CERTIFICATE)
    seen = {
        "address": scope["client"][0],
        "scheme": scope["scheme"],
        "plain": scope[CAME_PLAIN],
        "path": scope["raw_path"].decode(),
        "query": len(scope["query_string"]),
        "hosts": [value.decode() for name, value in scope["headers"] if name == b"host"],
        "request_id": scope.get(REQUEST_ID),
        "certificate": sha256(certificate).hexdigest() if certificate else None,
        "body": length,
    }
    await send_response(HttpResponse(status=200, body=json.dumps(seen).encode()), send)


@contextlib.asynccontextmanager
async def behind(
    proxy: Proxy, folder: Path, upstream: int, *, with_certificates: bool = False
) -> AsyncIterator[Front]:
    """The proxy in front of whoever listens at `upstream` on loopback."""
    authority, port = TestAuthority(folder), free_port()
    own = str(authority.file("localhost"))
    places = {
        "bank.example": f"localhost:{port}" if proxy.title == "Caddy" else "localhost",
        "127.0.0.1:9400": f"127.0.0.1:{upstream}",
        **{f"/etc/ostiary/tls/{name}.pem": own for name in ("certificate", "key", "both")},
        "/etc/ostiary/tls/client-ca.pem": str(authority.ca_file),
        "443": str(port),
    }
    with running(proxy, folder, places, port=port, with_certificates=with_certificates):
        yield Front(port=port, authority=authority.ca_file, client_file=authority.file("client"))


@pytest.fixture(params=PROXIES.values(), ids=[*PROXIES])
def proxy(request: pytest.FixtureRequest) -> Proxy:
    chosen: Proxy = request.param
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    http: HttpServer
    port: int


@contextlib.asynccontextmanager
async def echoing() -> AsyncIterator[Echo]:
    """The echo behind what believes the proxy."""
    server = HttpServer(Forwarded(echo, TRUSTED))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await server.begin([listening])
        yield Echo(http=server, port=listening.getsockname()[1])
    server.stop_listening()
    await server.end(0, seconds_to_finish=1)


@pytest.fixture
async def upstream() -> AsyncIterator[int]:
    async with echoing() as server:
        yield server.port


async def test_who_asks_by_which_scheme_for_which_host_whatever_the_client_says(
    proxy: Proxy, tmp_path: Path, upstream: int
) -> None:
    async with behind(proxy, tmp_path, upstream) as front, front.http() as http:
        plain = (await http.get("/a/b%2Fc?d=e")).json()
        forged = (await http.get("/a/b%2Fc?d=e", headers=FORGED)).json()
    assert plain["address"] == CLIENT
    assert (plain["scheme"], plain["plain"]) == ("https", False)
    assert plain["hosts"] == [f"localhost:{front.port}"]
    assert plain["path"] == "/a/b%2Fc"
    assert plain["request_id"]
    assert plain["request_id"] != forged["request_id"] != "forged"
    assert {**forged, "request_id": ""} == {**plain, "request_id": ""}


async def test_long_heads_pass_and_long_bodies_do_not(
    proxy: Proxy, tmp_path: Path, upstream: int
) -> None:
    async with behind(proxy, tmp_path, upstream) as front, front.http() as http:
        cookies = {"Cookie": "a=" + "b" * 16_000}
        long = (await http.get("/?" + "a" * 12_000, headers=cookies)).json()
        body = (await http.post("/", content=b"a" * 60_000)).json()
        huge = await http.get("/", headers={"X-A": "b" * 200_000})
    assert (long["query"], body["body"]) == (12_000, 60_000)
    assert 400 <= huge.status_code < 500


async def test_fw_10_no_tls_below_1_2(proxy: Proxy, tmp_path: Path, upstream: int) -> None:
    async with behind(proxy, tmp_path, upstream) as front:
        for version, spoken in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)):
            context = client_context(front.authority)
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                context.minimum_version = context.maximum_version = version
            assert await asyncio.to_thread(_shakes_hands, front.port, context) is spoken


def _shakes_hands(port: int, context: ssl.SSLContext) -> bool:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        try:
            with context.wrap_socket(connection, server_hostname="localhost"):
                return True
        except (ssl.SSLError, ConnectionError):
            return False


async def test_fw_03_the_certificate_of_a_client_arrives_and_no_other(
    proxy: Proxy, tmp_path: Path, upstream: int
) -> None:
    async with behind(proxy, tmp_path, upstream, with_certificates=True) as front:
        async with front.http(certificate=True) as http:
            proved = (await http.get("/", headers=FORGED_CERTIFICATE)).json()
        async with front.http() as http:
            without = (await http.get("/", headers=FORGED_CERTIFICATE)).json()
            dropped = (await http.get("/", headers={"Connection": "X-Client-Cert"})).json()
    _, begin, certificate = front.client_file.read_text().partition("-----BEGIN CERTIFICATE-----")
    der = ssl.PEM_cert_to_DER_cert(begin + certificate)
    assert proved["certificate"] == sha256(der).hexdigest()
    assert without["certificate"] is None
    assert dropped["certificate"] is None


async def test_the_proxy_lets_go_of_an_idle_connection_before_we_do(tmp_path: Path) -> None:
    """Else a form could meet one that we are just closing, and get no answer. All at once, as it
    takes its time."""

    async def seconds_kept(proxy: Proxy) -> float:
        folder = tmp_path / proxy.title
        folder.mkdir()
        async with echoing() as server, behind(proxy, folder, server.port) as front:
            async with front.http() as http:
                assert (await http.post("/", content=b"a")).status_code == 200
            began = time.monotonic()
            while server.http.connections:
                await asyncio.sleep(0.05)
            return time.monotonic() - began

    # Apache looks at a connection's age only when it wants to use it again.
    others = [each for each in PROXIES.values() if each.title != "Apache"]
    kept = await asyncio.gather(*(seconds_kept(each) for each in others))
    assert max(kept) < SECONDS_WE_KEEP - 0.3


async def test_fw_05_fw_10_a_sign_in_through_each(
    proxy: Proxy, tmp_path: Path, template: Path
) -> None:
    """With secure cookies and HSTS, as the issuer's URL says; everything but the proxy is real too."""
    site = await asyncio.to_thread(make_site, template, tmp_path / "ostiary.db")
    async with behind(proxy, tmp_path, site.port) as front:
        issuer = replace(site.enterprise, url=f"https://localhost:{front.port}")
        await save(tmp_path / "ostiary.db", issuer)
        server = await asyncio.to_thread(
            start_server, site, settings={"server.trusted_proxies": "127.0.0.1"}
        )
        try:

            class Behind:
                def http(self, _issuer: object) -> httpx2.AsyncClient:
                    return front.http()

            party = RelyingParty(Behind(), issuer)  # type: ignore[arg-type]
            person = await party.signed_in()
            cookies = list(person.http.cookies.jar)
            discovery = (await person.http.get("/.well-known/openid-configuration")).headers
            await person.http.aclose()
        finally:
            server.stop()
    assert cookies
    assert all(each.name.startswith("__Host-") and each.secure for each in cookies)
    assert discovery["strict-transport-security"].startswith("max-age=")


async def save(database: Path, issuer: Any) -> None:
    from ostiary.storage.store import Store
    from tests.kit.world import an_event

    store = Store.open(database)
    await store.issuers.save(issuer, an_event())
    store.close()
