"""The guarded client, against servers of the test's own internet. What it refuses: tests/attacks."""

import asyncio
import json
import os
from ipaddress import ip_address
from urllib.parse import parse_qs

import pytest

from ostiary.outbound.addresses import resolve_by_system
from ostiary.outbound.destination import parse_origin
from ostiary.outbound.fetcher import Fetcher, FetchFailed
from ostiary.outbound.guarded import GuardedFetcher, Limits
from tests.outbound.internet import (
    JSON,
    PUBLIC,
    Internet,
    Server,
    answer,
    endless,
    failure,
    impatient,
    literally,
)
from tests.outbound.stub_fetcher import StubFetcher

KEYS = b'{"keys": [{"kty": "EC"}]}'
URL = "https://keys.example/jwks"


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "application/jwk-set+json",
        "Application/JSON; charset=UTF-8",
        f'{JSON};charset="utf-8"',
    ],
)
async def test_it_fetches_a_json_object(internet: Internet, content_type: str) -> None:
    server = await internet.add(answer(KEYS, content_type=content_type))
    assert await internet.fetcher().fetch_json(f"{URL}?set=1") == json.loads(KEYS)
    head = server.requests[0].decode().split("\r\n")
    assert head[0] == "GET /jwks?set=1 HTTP/1.1"
    assert {line for line in head[1:] if line} == {
        "Host: keys.example",
        "User-Agent: Ostiary",
        "Accept: application/json, application/jwk-set+json",
        "Accept-Encoding: identity",
    }


async def test_it_posts_a_form_and_tells_the_status(internet: Internet) -> None:
    server = await internet.add(answer(b"", status=204), "rp.example")
    fields = {"logout_token": "a.b.c", "more": "ä & b"}
    assert await internet.fetcher().post_form("https://rp.example/out", fields) == 204
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /out HTTP/1.1\r\nHost: rp.example\r\n")
    assert "Content-Type: application/x-www-form-urlencoded" in head
    assert parse_qs(body) == {"logout_token": ["a.b.c"], "more": ["ä & b"]}


@pytest.mark.parametrize("status", [200, 302, 400, 500])
async def test_every_status_of_a_form_is_the_callers_to_judge(
    internet: Internet, status: int
) -> None:
    await internet.add(answer(b"<p>no JSON</p>", status=status, content_type="text/html"))
    assert await internet.fetcher().post_form(URL, {}) == status


async def test_of_the_answer_to_a_form_little_is_read(internet: Internet) -> None:
    server = await internet.add(endless(bytes(50_000)))
    assert await internet.fetcher().post_form(URL, {}) == 200
    await server.until_left_alone()


async def test_every_request_has_its_own_connection_and_nothing_is_remembered(
    internet: Internet,
) -> None:
    async def patiently(writer: asyncio.StreamWriter) -> None:
        await answer(KEYS, Set_Cookie="a=b", Connection="keep-alive")(writer)
        while not writer.is_closing():
            await asyncio.sleep(0.001)

    server = await internet.add(patiently)
    fetcher = internet.fetcher(limits=impatient())
    for _ in range(3):
        await fetcher.fetch_json(URL)
    assert internet.connected == [(PUBLIC, 443)] * 3
    assert len(internet.resolved) == 3
    assert not any(b"cookie" in request.lower() for request in server.requests)


async def test_the_environment_sends_nothing_elsewhere(
    internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    await internet.add(answer(KEYS))
    await internet.fetcher().fetch_json(URL)
    assert internet.connected == [(PUBLIC, 443)]


@pytest.mark.parametrize("silent", [True, False])
async def test_the_next_address_is_tried_when_one_does_not_answer(
    internet: Internet, silent: bool
) -> None:
    await internet.add(answer(KEYS))
    internet.names["keys.example"] = [["2606:4700::1111", PUBLIC]]
    if silent:
        internet.add_silence("2606:4700::1111")
    fetcher = internet.fetcher(limits=Limits(connect_seconds=0.3))
    assert await fetcher.fetch_json(URL) == json.loads(KEYS)
    assert internet.connected == [("2606:4700::1111", 443), (PUBLIC, 443)]


async def test_no_address_is_tried_twice_with_a_form_that_may_have_arrived(
    internet: Internet,
) -> None:
    server = await internet.add(literally(b""))
    internet.names["keys.example"] = [[PUBLIC, "93.184.215.15"]]
    assert await failure(internet.fetcher().post_form(URL, {})) == "not HTTP"
    assert len(server.requests) == len(internet.connected) == 1


async def test_requests_beyond_the_limit_wait_for_their_turn(internet: Internet) -> None:
    async def slowly(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        await answer(KEYS)(writer)

    server = await internet.add(slowly)
    fetcher = internet.fetcher(limits=Limits(at_once=2))
    await asyncio.gather(*(fetcher.fetch_json(URL) for _ in range(6)))
    assert (len(server.requests), server.most_at_once) == (6, 2)


async def test_waiting_for_a_turn_counts_as_time(internet: Internet) -> None:
    server = await internet.add(endless(b" ", pause=0.01))
    fetcher = internet.fetcher(limits=Limits(seconds=0.3, at_once=1))
    reasons = await asyncio.gather(*(failure(fetcher.fetch_json(URL)) for _ in range(3)))
    assert reasons == ["timed out"] * 3
    assert len(server.requests) == 1


async def test_a_slow_resolver_counts_as_time(internet: Internet) -> None:
    async def resolve(_host: str, _port: int) -> list[object]:
        await asyncio.sleep(60)
        return []

    fetcher = internet.fetcher(resolve=resolve, limits=impatient())
    assert await failure(fetcher.fetch_json(URL)) == "timed out"


# ---- what an operator has listed --------------------------------------------------------------


async def test_a_listed_origin_may_be_private_plain_and_at_any_port(internet: Internet) -> None:
    allow = frozenset({parse_origin("http://peer.test:8080")})
    server = await internet.add(
        answer(KEYS), "peer.test", address="10.1.2.3", port=8080, plain=True
    )
    fetcher = internet.fetcher(allow=allow)
    assert await fetcher.fetch_json("http://peer.test:8080/jwks") == json.loads(KEYS)
    assert b"Host: peer.test:8080\r\n" in server.requests[0]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://peer.test:8081/", "not https"),
        ("https://peer.test:8080/", "port not allowed"),
        ("https://peer.test/", "address not public"),
        ("http://other.test:8080/", "not https"),
    ],
)
async def test_what_differs_from_a_listed_origin_is_not_listed(
    internet: Internet, url: str, reason: str
) -> None:
    internet.names["peer.test"] = [["10.1.2.3"]]
    fetcher = internet.fetcher(allow=frozenset({parse_origin("http://peer.test:8080")}))
    assert await failure(fetcher.fetch_json(url)) == reason
    assert internet.connected == []


async def test_a_listed_origin_must_still_have_a_good_certificate(internet: Internet) -> None:
    listed = "https://10.1.2.3:9443"
    await internet.add(answer(KEYS), "peer.test", address="10.1.2.3", port=9443)
    fetcher = internet.fetcher(allow=frozenset({parse_origin(listed)}), resolve=resolve_by_system)
    reason = await failure(fetcher.fetch_json(f"{listed}/jwks"))
    assert reason.startswith("certificate not trusted: IP address mismatch")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_developers_loopback_may_be_asked(host: str) -> None:
    """With the system's own resolver and a real connection; "localhost" is two addresses."""
    fetcher = GuardedFetcher(allow_loopback=True)
    served = Server(answer(KEYS))
    async with await asyncio.start_server(served.serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        assert await fetcher.fetch_json(f"http://{host}:{port}/jwks") == json.loads(KEYS)
    await fetcher.close()


async def test_a_developers_other_addresses_are_guarded_still(internet: Internet) -> None:
    internet.names["inside.test"] = [["127.0.0.1"]]
    fetcher = internet.fetcher(allow_loopback=True)
    assert await failure(fetcher.fetch_json("https://inside.test/")) == "address not public"
    assert await failure(fetcher.fetch_json("http://inside.test:8080/")) == "not https"
    assert internet.connected == []


# ---- failures ---------------------------------------------------------------------------------


async def test_failures_look_alike_to_outsiders_and_differ_for_operators(
    internet: Internet,
) -> None:
    await internet.add(answer(status=500), "wrong.example")
    hello = literally(b"SSH-2.0-OpenSSH\r\n")
    await internet.add(hello, "ssh.example", port=8443, plain=True, greets=True)
    internet.names |= {"closed.example": [["93.184.215.15"]], "inside.example": [["10.0.0.1"]]}
    internet.names |= {"silent.example": [["93.184.215.16"]], "nowhere.example": [[]]}
    internet.add_silence("93.184.215.16")
    reasons = {
        "https://wrong.example/": "status 500",
        "https://ssh.example:8443/": "TLS failed",
        "https://closed.example/": "no connection",
        "https://silent.example/": "timed out",
        "https://inside.example/": "address not public",
        "https://unknown.example/": "name not found",
        "https://nowhere.example/": "name not found",
    }
    fetcher = internet.fetcher(limits=Limits(connect_seconds=0.5))
    for url, reason in reasons.items():
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch_json(url)
        assert (url, caught.value.reason) == (url, reason)
        assert str(caught.value) == "no usable answer from the other server"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "not HTTP"),
        (b"hello\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "not HTTP"),
        (b"HTTP/1.1 100 Go\r\n\r\n" * 10, "not HTTP"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 204 None\r\n\r\n", "status 204"),
    ],
)
async def test_what_is_no_answer_is_refused(internet: Internet, sent: bytes, reason: str) -> None:
    await internet.add(literally(sent))
    assert await failure(internet.fetcher().fetch_json(URL)) == reason


async def test_a_connection_that_is_tampered_with_is_lost(internet: Internet) -> None:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        await writer.drain()
        # A record of application data that nobody has encrypted.
        os.write(writer.get_extra_info("socket").fileno(), b"\x17\x03\x03\x00\x20" + bytes(32))
        await asyncio.sleep(0.1)

    await internet.add(reply)
    assert await failure(internet.fetcher().fetch_json(URL)) == "connection lost"


async def test_closing_breaks_off_what_is_under_way(internet: Internet) -> None:
    server = await internet.add(endless(b" ", pause=0.01))
    fetcher = internet.fetcher()
    asking = asyncio.create_task(failure(fetcher.fetch_json(URL)))
    while not server.requests:
        await asyncio.sleep(0.001)
    await fetcher.close()
    assert await asking == "connection lost"
    await server.until_left_alone()


async def test_a_cancelled_request_leaves_no_connection_behind(internet: Internet) -> None:
    server = await internet.add(endless(b" ", pause=0.01))
    asking = asyncio.create_task(internet.fetcher().fetch_json(URL))
    while not server.requests:
        await asyncio.sleep(0.001)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await server.until_left_alone()


# ---- its parts --------------------------------------------------------------------------------


async def test_the_system_resolves_literals_and_knows_no_invalid_name() -> None:
    assert await resolve_by_system("127.0.0.1", 443) == [ip_address("127.0.0.1")]
    assert await resolve_by_system("::1", 443) == [ip_address("::1")]
    assert await failure(resolve_by_system("nowhere.invalid", 443)) == "name not found"


async def test_a_stub_can_stand_in_for_it() -> None:
    stub = StubFetcher()
    stub.documents[URL] = {"keys": []}
    stub.statuses[URL] = 200
    fetchers: list[Fetcher] = [stub, GuardedFetcher()]
    assert await fetchers[0].fetch_json(URL) == {"keys": []}
    assert await fetchers[0].post_form(URL, {"a": "b"}) == 200
    assert await failure(fetchers[0].fetch_json("https://other.example/")) == "no connection"
    assert (stub.fetched, stub.posted) == ([URL, "https://other.example/"], [(URL, {"a": "b"})])
