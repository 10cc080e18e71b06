"""Section 10 of the attack catalogue, as far as it is about what Ostiary fetches and posts."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from ostiary.outbound.addresses import resolve_by_system
from ostiary.outbound.guarded import Limits
from tests.outbound.certificates import DAY, TestAuthority
from tests.outbound.internet import (
    PUBLIC,
    Internet,
    Reply,
    answer,
    endless,
    failure,
    impatient,
    literally,
    open_internet,
)

URL = "https://keys.example/jwks"
KEYS = b'{"keys": []}'


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture
async def internet(authority: TestAuthority) -> AsyncIterator[Internet]:
    async with open_internet(authority) as opened:
        yield opened


async def refusals(internet: Internet, url: str, limits: Limits | None = None) -> set[str]:
    """Why neither a document is fetched there, nor a form posted to it."""
    fetcher = internet.fetcher(limits=limits or Limits())
    return {
        await failure(fetcher.fetch_json(url)),
        await failure(fetcher.post_form(url, {"logout_token": "a.b.c"})),
    }


# ---- where to ----------------------------------------------------------------------------------

INSIDE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",  # noqa: S104  asked for, not listened on
    "169.254.169.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "192.0.0.192",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "ff02::1",
]


@pytest.mark.parametrize("address", INSIDE)
async def test_rg_04_an_address_inside_is_not_connected_to(
    internet: Internet, address: str
) -> None:
    literal = f"[{address}]" if ":" in address else address
    internet.names[str(ip_address(address))] = internet.names["inside.example"] = [[address]]
    # The second name is one of somebody who has a public address as well.
    internet.names["mixed.example"] = [[PUBLIC, address]]
    for host in (literal, "inside.example", "mixed.example"):
        for port in ("", ":8443"):
            assert await refusals(internet, f"https://{host}{port}/") == {"address not public"}
        assert await refusals(internet, f"http://{host}/") == {"not https"}
    assert internet.connected == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "10.0.0.1", "[::]"])
async def test_rg_04_the_systems_own_resolver_leads_nowhere_else(
    internet: Internet, host: str
) -> None:
    fetcher = internet.fetcher(resolve=resolve_by_system)
    assert await failure(fetcher.fetch_json(f"https://{host}/")) == "address not public"
    assert internet.connected == []


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("2130706433", id="RG-04 decimal"),
        pytest.param("0x7f000001", id="RG-04 hexadecimal"),
        pytest.param("017700000001", id="RG-04 octal"),
        pytest.param("127.1", id="RG-04 short"),
        pytest.param("0177.0.0.1", id="RG-04 octal part"),
        pytest.param("127.0.0.0x1", id="RG-04 hexadecimal part"),
        pytest.param("127.0.0.1.", id="RG-04 address with a trailing dot"),
        pytest.param("localhost.", id="RG-04 name with a trailing dot"),
        pytest.param("①②⑦.0.0.1", id="RG-04 circled digits"),
        pytest.param("[::ffff:127.0.0.1%25lo]", id="RG-04 address with a zone"),
        pytest.param("[::1", id="RG-04 half a bracket"),
        pytest.param("", id="RG-04 no host"),
    ],
)
async def test_another_spelling_of_a_host_is_refused(internet: Internet, host: str) -> None:
    fetcher = internet.fetcher(resolve=resolve_by_system)
    reason = await failure(fetcher.fetch_json(f"https://{host}/"))
    assert reason.startswith("not a URL to fetch")
    assert internet.connected == []


async def test_rg_05_only_the_address_that_was_checked_is_connected_to(internet: Internet) -> None:
    await internet.add(answer(KEYS), "rebinding.example")
    internet.names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
    fetcher = internet.fetcher()
    assert await fetcher.fetch_json("https://rebinding.example/") == {"keys": []}
    assert internet.resolved == ["rebinding.example"]
    assert internet.connected == [(PUBLIC, 443)]
    reason = await failure(fetcher.fetch_json("https://rebinding.example/"))
    assert reason == "address not public"
    assert internet.connected == [(PUBLIC, 443)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:6379/", "http://keys.example/", "/jwks", "https://169.254.169.254/", "x:y"],
)
async def test_rg_06_no_redirect_is_followed(
    internet: Internet, status: int, location: str
) -> None:
    server = await internet.add(answer(KEYS, status=status, Location=location))
    assert await failure(internet.fetcher().fetch_json(URL)) == f"status {status}"
    assert await internet.fetcher().post_form(URL, {}) == status
    assert len(internet.connected) == len(server.requests) == 2


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        *(
            (f"https://keys.example:{port}/", "port not allowed")
            for port in (22, 25, 80, 6379, 9200)
        ),
        ("http://keys.example/", "not https"),
        ("http://keys.example:443/", "not https"),
        ("https://user:password@keys.example/", "not a URL"),
        ("https://keys.example@127.0.0.1/", "not a URL"),
        ("https://keys.example:443@127.0.0.1/", "not a URL"),
        ("https://127.0.0.1\\@keys.example/", "not a URL"),
        ("file:///etc/passwd", "not a URL"),
        ("file://keys.example/etc/passwd", "not a URL"),
        ("gopher://keys.example:443/_GET", "not a URL"),
        ("ftp://keys.example/", "not a URL"),
        ("data:application/json,{}", "not a URL"),
        ("jar:https://keys.example/!/", "not a URL"),
        ("unix:///var/run/docker.sock", "not a URL"),
        ("//keys.example/", "not a URL"),
        ("https://keys.example/\r\nX: y", "not a URL"),
    ],
)
async def test_rg_08_no_other_service_is_spoken_to(
    internet: Internet, url: str, reason: str
) -> None:
    internet.names["keys.example"] = [[PUBLIC]]
    found = await refusals(internet, url)
    assert {text[: len(reason)] for text in found} == {reason}
    assert not internet.connected
    assert not internet.resolved


# ---- what comes back ---------------------------------------------------------------------------

LARGE = b'{"a": "%b"}' % (b"a" * 70_000)
MANY_NAMES = json.dumps({str(number): number for number in range(1_000_000)}).encode()
BOMB = gzip.compress(b'{"a": "' + b"0" * 10_000_000 + b'"}')


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(answer(LARGE), "too large", id="RG-07 more than the limit"),
        pytest.param(answer(MANY_NAMES), "too large", id="RG-07 a million names"),
        pytest.param(
            literally(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Content-Length: 104857600\r\n\r\n" + bytes(200_000)
            ),
            "too large",
            id="RG-07 100 MB",
        ),
        pytest.param(endless(b"a" * 10_000), "too large", id="RG-07 no end"),
        pytest.param(
            answer(gzip.compress(KEYS), Content_Encoding="gzip"),
            "compressed, though not asked for",
            id="RG-07 gzip",
        ),
        pytest.param(
            answer(BOMB, Content_Encoding="gzip"),
            "compressed, though not asked for",
            id="RG-07 gzip bomb",
        ),
        pytest.param(
            answer(KEYS, Content_Encoding="identity, br"),
            "compressed, though not asked for",
            id="RG-07 two encodings",
        ),
        pytest.param(
            answer(KEYS, content_type="text/html"),
            "not JSON by its Content-Type",
            id="RG-07 wrong content type",
        ),
        pytest.param(answer(b'{"keys": [}'), "not JSON", id="RG-07 invalid JSON"),
        pytest.param(answer(b"\xef\xbb\xbf" + KEYS), "not JSON", id="RG-07 BOM"),
        pytest.param(answer(b'{"a": NaN}'), "not JSON", id="RG-07 NaN"),
        pytest.param(
            answer(b'{"a":' + b"[" * 50_000), "nested too deeply", id="RG-07 deep nesting"
        ),
        pytest.param(
            answer(b'{"keys": [], "keys": [1]}'),
            "duplicate names in JSON",
            id="RG-07 duplicate names",
        ),
    ],
)
async def test_an_answer_is_read_within_limits(
    internet: Internet, reply: Reply, reason: str
) -> None:
    server = await internet.add(reply)
    fetcher = internet.fetcher()
    assert await failure(fetcher.fetch_json(URL)) == reason
    # Nothing is read on behind the answer's back, and honest servers are asked as before.
    await server.until_left_alone()
    server.reply = answer(KEYS)
    assert await fetcher.fetch_json(URL) == {"keys": []}


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(b"", b"", id="RG-07 no answer"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="RG-07 interim answers alone"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x", id="RG-07 headers without an end"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x", id="RG-07 byte by byte"
        ),
    ],
)
async def test_an_answer_that_does_not_come_is_given_up(
    internet: Internet, first: bytes, then: bytes
) -> None:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(then)
            await writer.drain()
            await asyncio.sleep(0.01)

    server = await internet.add(reply)
    assert await refusals(internet, URL, impatient()) == {"timed out"}
    await server.until_left_alone()


# ---- who answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "lifetime", "self_signed", "reason"),
    [
        pytest.param("keys.example", DAY, True, "self-signed certificate", id="RG-09 self-signed"),
        pytest.param("other.example", DAY, False, "Hostname mismatch", id="RG-09 wrong host"),
        pytest.param("keys.example", -DAY, False, "certificate has expired", id="RG-09 expired"),
    ],
)
async def test_a_bad_certificate_is_refused(
    internet: Internet, host: str, lifetime: timedelta, self_signed: bool, reason: str
) -> None:
    tls = internet.authority.server(host, lifetime=lifetime, self_signed=self_signed)
    server = await internet.add(answer(KEYS), tls=tls)
    for found in await refusals(internet, URL):
        assert found.startswith(f"certificate not trusted: {reason}")
    assert server.requests == []


async def test_rg_09_a_root_of_the_tests_is_trusted_only_where_it_is_given(
    internet: Internet,
) -> None:
    server = await internet.add(answer(KEYS))
    reason = await failure(internet.fetcher(ca_file=None).fetch_json(URL))
    assert reason.startswith("certificate not trusted: ")
    assert server.requests == []
    assert await internet.fetcher().fetch_json(URL) == {"keys": []}
