"""Catalogue section 12 on the wire: requests that two servers could read in two ways, and huge ones.

Against `ostiary serve` as it runs, since what is shown here is the HTTP server's and how it is set up.
"""

import pytest

from ostiary.domain.face import BASE_PATH
from ostiary.web.http_protocol import MAX_BESIDES_BODY, MAX_HEADERS
from tests.attacks.spoken import QUIET, Heard, cut, speak
from tests.attacks.wire import FORM, encode
from tests.kit.server import Site
from tests.kit.world import CONSUMER, SECRET

BODY = encode({"grant_type": "client_credentials", "client_id": "web", "client_secret": SECRET})
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKS = b"Transfer-Encoding: chunked"
CLOSE = b"Connection: close"
WELL_KNOWN = b"/.well-known/openid-configuration"


def request(
    site: Site, *lines: bytes, line: bytes = b"GET %s HTTP/1.1" % WELL_KNOWN, body: bytes = b""
) -> bytes:
    """A request line, Host, these lines, and a body as it is."""
    host = b"Host: localhost:%d" % site.port
    return b"\r\n".join([line, host, *lines, b"", body])


def token_request(site: Site, *lines: bytes, body: bytes = BODY) -> bytes:
    line = b"POST %s/token HTTP/1.1" % BASE_PATH.encode()
    kind = b"Content-Type: %s" % FORM.encode()
    return request(site, kind, *lines, line=line, body=body)


def answers(site: Site, *pieces: bytes) -> Heard:
    return speak(site.port, *pieces)


def check_alive(site: Site) -> None:
    assert answers(site, token_request(site, LENGTH, CLOSE)).statuses == [200]


# ---- FW-06: where a request ends ----------------------------------------------------------------

# How the body of a token request may not be announced: the lines, and the body.
ANNOUNCED: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    "length and chunks": ((LENGTH, CHUNKS), CHUNKED),
    "chunks and length": ((CHUNKS, b"Content-Length: 5"), CHUNKED),
    "two lengths": ((LENGTH, b"Content-Length: 3"), BODY),
    "the same length twice": ((LENGTH, LENGTH), BODY),
    "a list of lengths": ((b"%s, %d" % (LENGTH, len(BODY)),), BODY),
    "a negative length": ((b"Content-Length: -1",), BODY),
    "a length with a plus": ((b"Content-Length: +%d" % len(BODY),), BODY),
    "a length in hexadecimal": ((b"Content-Length: 0x50",), BODY),
    "a length in two parts": ((b"Content-Length: 1 2",), BODY),
    "a length out of range": ((b"Content-Length: 99999999999999999999999",), BODY),
    "an unknown coding": ((b"Transfer-Encoding: xchunked",), CHUNKED),
    "a coding before the chunks": ((b"Transfer-Encoding: chunked, identity",), CHUNKED),
    "two codings": ((CHUNKS, b"Transfer-Encoding: identity"), CHUNKED),
    "a coding behind a tab": ((b"Transfer-Encoding:\x0bchunked",), CHUNKED),
    "a chunk that ends in LF": ((CHUNKS,), CHUNKED.replace(b"\r\n", b"\n", 1)),
    "an extension that ends in LF": ((CHUNKS,), CHUNKED.replace(b"\r\n", b";a=b\n", 1)),
    "a chunk longer than it says": ((CHUNKS,), b"3\r\nabcdef\r\n0\r\n\r\n"),
    "a negative chunk": ((CHUNKS,), b"-1\r\na\r\n0\r\n\r\n"),
    "a chunk with 0x": ((CHUNKS,), b"0x3\r\nabc\r\n0\r\n\r\n"),
    "a chunk out of range": ((CHUNKS,), b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
}
# Lines of a head that no two servers read alike.
LINES = {
    "a folded line": b"X-A: b\r\n c",
    "a space before the colon": b"X-A : b",
    "no colon": b"X-A",
    "no name": b": b",
    "a bare LF": b"X-A: a\nX-B: b",
    "a bare CR": b"X-A: a\rX-B: b",
    "NUL": b"X-A: a\0b",
    "a control character": b"X-A: a\x01b",
    "a name beyond ASCII": b"X-\xc3\xa9: b",
}
FIRST_LINES = {
    "a folded first line": b"GET / HTTP/1.1\r\n ",
    "tabs": b"GET\t/\tHTTP/1.1",
    "another version": b"GET / HTTP/1.9",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a tunnel": b"CONNECT localhost:9400 HTTP/1.1",
    "a method in small letters": b"get / HTTP/1.1",
    "an unknown method": b"%s / HTTP/1.1" % (b"A" * 100),
    "an address beyond ASCII": b"GET /\xc3\xa9 HTTP/1.1",
    "an address with NUL": b"GET /\0 HTTP/1.1",
}


def check_refused(site: Site, data: bytes) -> None:
    """One 400, and nothing behind it is read: the connection is over."""
    heard = answers(site, data + request(site))
    assert heard.statuses == [400]
    assert heard.closed
    check_alive(site)


@pytest.mark.parametrize("case", ANNOUNCED)
def test_fw_06_a_body_with_two_ends(site: Site, case: str) -> None:
    lines, body = ANNOUNCED[case]
    check_refused(site, token_request(site, *lines, body=body))


@pytest.mark.parametrize("case", LINES)
def test_fw_06_a_line_with_two_readings(site: Site, case: str) -> None:
    check_refused(site, request(site, LINES[case]))


@pytest.mark.parametrize("case", FIRST_LINES)
def test_fw_06_a_first_line_with_two_readings(site: Site, case: str) -> None:
    check_refused(site, request(site, line=FIRST_LINES[case]))


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"x"])
@pytest.mark.parametrize("announced", [b"Content-Length: %d", b"Transfer-Encoding: chunked"])
def test_fw_06_a_body_is_no_second_request_where_another_protocol_is_asked_for(
    site: Site, protocol: bytes, announced: bytes
) -> None:
    hidden = request(site)
    announced = announced % len(hidden) if b"%d" in announced else announced
    head = token_request(site, b"Connection: Upgrade", b"Upgrade: " + protocol, announced, body=b"")
    for pieces in ([head + hidden], [head, hidden]):
        heard = speak(site.port, *pieces, pause=0.05)
        assert heard.statuses == [400]
        assert heard.closed
    check_alive(site)


def test_fw_06_without_a_body_another_protocol_is_not_spoken(site: Site) -> None:
    for protocol in (b"h2c", b"websocket"):
        upgrade = request(site, b"Connection: Upgrade", b"Upgrade: " + protocol)
        heard = speak(site.port, upgrade, patience=QUIET)
        assert heard.statuses == [200]
        assert b"101" not in heard.raw.splitlines()[0]


def test_fw_06_behind_a_last_request_nothing_is_read(site: Site) -> None:
    heard = answers(site, request(site, CLOSE) + request(site))
    assert heard.statuses == [200]
    assert heard.closed


def test_fw_06_two_requests_in_one_piece_are_two(site: Site) -> None:
    assert answers(site, request(site) + request(site, CLOSE)).statuses == [200, 200]


def test_fw_06_extensions_of_chunks_say_nothing(site: Site) -> None:
    body = CHUNKED.replace(b"\r\n", b";Content-Length=1;a=b\r\n", 1)
    assert answers(site, token_request(site, CHUNKS, CLOSE, body=body)).statuses == [200]


@pytest.mark.parametrize(
    "trailer",
    [
        b"Authorization: Basic d2ViOm9zdGlhcnlfYS1zZWNyZXQtb2YtdGhlLXRlc3Rz",
        b"Host: 127.0.0.1",
        b"Content-Type: text/plain",
    ],
)
def test_fw_06_trailers_say_nothing(site: Site, trailer: bytes) -> None:
    """RFC 9110 §6.5.1: whoever checked the head has not seen them."""
    without = encode({"grant_type": "client_credentials"})
    for form, status in ((BODY, 200), (without, 400)):
        body = b"%x\r\n%s\r\n0\r\n%s\r\n\r\n" % (len(form), form, trailer)
        assert answers(site, token_request(site, CHUNKS, CLOSE, body=body)).statuses == [status]


# ---- FW-07: how much ----------------------------------------------------------------------------

MEGABYTE = 1_000_000
HUGE = {
    "one header": [b"X-A: " + b"a" * MEGABYTE],
    "one name": [b"a" * MEGABYTE + b": a"],
    "a cookie": [b"Cookie: a=" + b"a" * 65_536],
    "ten thousand headers": [b"a: b"] * 10_000,
    "a hundred headers and one": [b"a: b"] * MAX_HEADERS,
}


@pytest.mark.parametrize("case", HUGE)
@pytest.mark.parametrize("piece", [MEGABYTE * 2, 4_096])
def test_fw_07_a_huge_head(site: Site, case: str, piece: int) -> None:
    heard = answers(site, *cut(request(site, *HUGE[case]), piece))
    assert heard.statuses in ([431], [])  # the answer may be lost on who still writes
    assert heard.closed
    if len(b"".join(HUGE[case])) < 200_000:
        assert heard.statuses == [431]
    check_alive(site)


def test_fw_07_a_huge_address(site: Site) -> None:
    heard = answers(site, *cut(request(site, line=b"GET /%s HTTP/1.1" % (b"a" * MEGABYTE)), 4_096))
    assert heard.statuses in ([431], [])
    assert heard.closed


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param((b"", b"\r\n"), id="empty lines before the request"),
        pytest.param((b"GET /", b"a"), id="an address"),
        pytest.param((b"GET / HTTP/1.1\r\n", b"a: b\r\n"), id="headers"),
        pytest.param((b"GET / HTTP/1.1\r\na: ", b"b"), id="a value"),
    ],
)
def test_fw_07_a_head_without_an_end(site: Site, endless: tuple[bytes, bytes]) -> None:
    """It is over at the limit, not when somebody has had enough."""
    beginning, more = endless
    sent = beginning + more * ((MAX_BESIDES_BODY + 5_000) // len(more))
    assert answers(site, *cut(sent, 4_096)).statuses == [431]


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(b"5;" + b"a" * (MAX_BESIDES_BODY + 5_000), id="an extension"),
        pytest.param(
            b"5\r\nhello\r\n0\r\nX-A: " + b"a" * (MAX_BESIDES_BODY + 5_000), id="trailers"
        ),
        pytest.param(b"1;aaaaaaaaaa\r\nx\r\n" * 10_000, id="chunks of one character"),
    ],
)
def test_fw_07_what_stands_around_a_body_without_an_end(site: Site, endless: bytes) -> None:
    heard = answers(site, token_request(site, CHUNKS, body=b""), *cut(endless, 4_096))
    assert heard.closed
    assert heard.statuses in ([], [413])
    check_alive(site)


def test_fw_07_what_is_large_but_no_attack(site: Site) -> None:
    long_address = b"GET %s?x=%s HTTP/1.1" % (WELL_KNOWN, b"a" * 60_000)
    assert answers(site, request(site, CLOSE, line=long_address)).statuses == [200]
    many = [b"X-A: b"] * (MAX_HEADERS - 2)
    assert answers(site, request(site, CLOSE, *many)).statuses == [200]
    # A large body that comes with its head counts as a body.
    body = BODY + b"&x=" + b"a" * (65_000 - len(BODY))
    length = b"Content-Length: %d" % len(body)
    assert answers(site, token_request(site, length, CLOSE, body=body)).statuses == [200]
    big = body + b"a" * 100_000
    length = b"Content-Length: %d" % len(big)
    assert answers(site, token_request(site, length, CLOSE, body=big)).statuses == [413]


def test_fw_07_a_large_head_behind_an_answer_that_is_on_its_way(site: Site) -> None:
    """Whoever asks twice at once never gets the refusal of the second for the first."""
    heard = answers(site, request(site) + request(site, *HUGE["a cookie"]))
    assert heard.closed
    assert heard.statuses in ([], [200], [200, 431])


# ---- FW-08, FW-09: which address ----------------------------------------------------------------


def test_fw_08_the_address_names_the_host_where_it_is_whole(site: Site) -> None:
    """RFC 9112 §3.2.2: whatever the Host header says."""
    ours, other = b"http://localhost:%d" % site.port, b"http://127.0.0.1:%d" % site.port
    plain = answers(site, request(site, CLOSE))
    whole = answers(site, request(site, CLOSE, line=b"GET %s%s HTTP/1.1" % (ours, WELL_KNOWN)))
    assert whole.text == plain.text
    elsewhere = answers(site, request(site, CLOSE, line=b"GET %s%s HTTP/1.1" % (other, WELL_KNOWN)))
    assert f'"issuer": "{site.consumer.url}"' in elsewhere.text.replace('":"', '": "')
    for stranger in (b"http://evil.test", b"http://evil@localhost:%d" % site.port, b"http://"):
        line = b"GET %s%s HTTP/1.1" % (stranger, WELL_KNOWN)
        assert answers(site, request(site, CLOSE, line=line)).statuses in ([400], [421])


SPELLINGS = [
    "/%2e%2e{path}",
    "/{path}",
    "{path}/",
    "{path}/.",
    "{path};x",
    "{path}%00",
    "{path}%20",
    "/x/..{path}",
    "/x/..;{path}",
    "/.{path}",
    "{path}/../me",
    "{path}#/../me",
    "{encoded}",
    "{twice}",
    "{capitals}",
    "\\{path}",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_fw_08_another_spelling_of_an_address_opens_nothing(site: Site, spelling: str) -> None:
    """Either it is the same address, with the same demands, or it is none."""
    for endpoint, demand in (("token", 400), ("me", 401), ("token/introspection", 400)):
        path = f"{BASE_PATH}/{endpoint}"
        target = spelling.format(
            path=path,
            encoded=path[0] + path[1:].replace("/", "%2f"),
            twice=path[0] + path[1:].replace("/", "%252f"),
            capitals=path.upper(),
        )
        heard = answers(
            site,
            request(
                site,
                CLOSE,
                b"Content-Length: 0",
                b"Content-Type: %s" % FORM.encode(),
                line=f"POST {target} HTTP/1.1".encode(),
            ),
        )
        assert heard.statuses in ([404], [405], [400], [demand]), target
        assert b"access_token" not in heard.raw


@pytest.mark.parametrize("target", ["*", "//evil.test/x", "localhost:9400", "http:/x", "?x"])
def test_fw_08_what_is_no_address(site: Site, target: str) -> None:
    for method in ("GET", "OPTIONS", "POST"):
        line = f"{method} {target} HTTP/1.1".encode()
        heard = answers(site, request(site, CLOSE, b"Content-Length: 0", line=line))
        assert heard.statuses in ([400], [404], [405])
        assert b"location:" not in heard.raw.lower()


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [b"Host:"],
        [b"Host: evil.test"],
        [b"Host: localhost:%d, evil.test"],
        [b"Host: evil@localhost:%d"],
        [b"Host: localhost:%d", b"Host: evil.test"],
        [b"Host: evil.test", b"Host: localhost:%d"],
        [b"Host: localhost:%d", b"Host: localhost:%d"],
        [b"Host: localhost:%d", b"host: 127.0.0.1:%d"],
    ],
)
def test_fw_09_no_issuer_answers_without_its_one_host(site: Site, hosts: list[bytes]) -> None:
    lines = [each.replace(b"%d", b"%d" % site.port) for each in hosts]
    for version in (b"1.0", b"1.1"):
        first = b"GET %s HTTP/%s" % (WELL_KNOWN, version)
        heard = answers(site, b"\r\n".join([first, *lines, CLOSE, b"", b""]))
        assert heard.statuses == [421]
        assert CONSUMER.name.encode() not in heard.raw
