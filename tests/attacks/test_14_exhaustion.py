"""Catalogue section 14, RX-01 to RX-10: who takes the time, the memory or the disk of others.

RX-05, the regular expressions, stands in `test_14_expressions`.
"""

import ast
import asyncio
import socket
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import httpx2
import pytest

from ostiary.accounts import passwords
from ostiary.domain.refusals import ReasonCode
from ostiary.outbound.fetcher import FetchFailed
from ostiary.outbound.json_document import parse_json_object as parse_fetched
from ostiary.protocol.claims_request import parse_claims_request
from ostiary.protocol.jose.compact import parse_token
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.strict_json import parse_json
from ostiary.provider.refusal_log import MOST_PER_CLIENT_AND_MINUTE, MOST_PER_MINUTE
from ostiary.provider.tokens import TOKEN_ID_LENGTH
from ostiary.serving.http_server import HttpServer
from ostiary.web.asgi import Receive, Scope, Send, send_response
from ostiary.web.connections import ConnectionLimits
from ostiary.web.incoming import MAX_BODY_LENGTH
from ostiary.web.responses import HttpResponse
from ostiary.web.routes import ENDPOINTS
from tests.architecture.source import MODULES
from tests.architecture.test_start_up import modules_after
from tests.attacks.aftermath import rows_of, unharmed
from tests.attacks.assertions import base64url, segment
from tests.attacks.expected import check_answer, is_json, is_page
from tests.attacks.operating import change_client
from tests.attacks.signing import sign_as_issuer
from tests.attacks.spoken import listen
from tests.attacks.wire import FORM, ask, cookies_of, encode, path_of, post, send
from tests.budget.test_statements import counted
from tests.kit.client_key import ASSERTION_TYPE
from tests.kit.person import Form, Person
from tests.kit.relying_party import RelyingParty, payload
from tests.kit.server import Server, Site, make_site, start_server
from tests.kit.world import ENTERPRISE, PASSWORD, SECRET, World, sqlite_of
from tests.specs.wire import reason_of

SLOW, IDLE = 200, 300
# Uvicorn's, for a connection that has asked and asks nothing more.
SECONDS_KEPT_ALIVE = 5


# ---- RX-01, RX-02: connections ------------------------------------------------------------------


def connect(stack: ExitStack, site: Site, data: bytes = b"") -> socket.socket:
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", site.port), 10))
    connection.sendall(data)
    return connection


def slow_percentile(site: Site) -> float:
    """Of honest requests, the time that 95 in 100 of them do not take."""
    url = f"{site.enterprise.url}/.well-known/openid-configuration"
    form = encode({"grant_type": "client_credentials", "client_id": "web", "client_secret": SECRET})
    requests = [Request(url), Request(site.enterprise.endpoint("token"), form)]
    taken = []
    for request in requests * 20:
        began = time.perf_counter()
        with urlopen(request, timeout=20) as answer:
            assert answer.status == 200
        taken.append(time.perf_counter() - began)
    return sorted(taken)[-len(taken) // 20]


def check_honest(site: Site, before: float) -> None:
    # The machine has other work too; what counts is that nobody waits for the slow ones.
    assert slow_percentile(site) < max(0.5, 10 * before)


IMPATIENT = {"head_seconds": 2, "body_seconds": 1, "answer_seconds": 2, "connections": 400}


@pytest.fixture(scope="module")
def impatient_server(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Server]]:
    """With little time and room, so that the tests need not wait as long as a real one does."""
    made = make_site(template, tmp_path_factory.mktemp("site") / "ostiary.db")
    limits = {f"limits.{name}": value for name, value in IMPATIENT.items()}
    server = start_server(made, settings=limits)
    yield made, server
    server.stop()


@pytest.fixture
def impatient(impatient_server: tuple[Site, Server]) -> Site:
    return impatient_server[0]


def open_sockets(server: Server) -> int:
    files = Path(f"/proc/{server.process.pid}/fd")
    names = (_target(each) for each in files.iterdir())
    return sum(name.startswith("socket:") for name in names)


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:  # closed meanwhile
        return ""


@pytest.mark.spec("RFC 9110 §15.5.9")
def test_rx_01_who_is_slow_holds_up_nobody_and_is_shown_the_door(impatient: Site) -> None:
    site = impatient
    before = slow_percentile(site)
    host = f"Host: localhost:{site.port}\r\n".encode()
    path = path_of(ENTERPRISE, "token").encode()
    form = b"Content-Type: %s\r\nContent-Length: 1000\r\n\r\n" % FORM.encode()
    document = b"GET %s HTTP/1.1\r\n%s\r\n" % (path_of(ENTERPRISE, "openapi.json").encode(), host)
    slow = {
        "who begins to ask": b"POST %s HTTP/1.1\r\n%sX-A:" % (path, host),
        "who begins to send a form": b"POST %s HTTP/1.1\r\n%s%sgrant" % (path, host, form),
        "who does not read": document * 20,
    }
    with ExitStack() as stack:
        opened = {
            what: [connect(stack, site, data) for _ in range(SLOW // len(slow))]
            for what, data in slow.items()
        }
        check_honest(site, before)
        heard = {
            what: [listen(each, patience=10) for each in connections]
            for what, connections in opened.items()
        }
    assert all(each.closed for connections in heard.values() for each in connections)
    for what in ("who begins to ask", "who begins to send a form"):
        assert {tuple(each.statuses) for each in heard[what]} == {(408,)}
    check_honest(site, before)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\n"], ids=["nothing", "a head"])
def test_rx_01_a_little_now_and_then_is_no_head(impatient: Site, begun: bytes) -> None:
    """The time is for the whole, however diligently its parts come."""
    part = b"X-A: b\r\n" if begun else b"\r\n"
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", impatient.port), 10) as connection:
        connection.sendall(begun)
        connection.settimeout(0.1)
        answer = None
        while answer is None and time.monotonic() - began < 20:
            with suppress(TimeoutError):
                connection.sendall(part)
                answer = connection.recv(100)
    assert answer is not None
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_rx_01_who_does_not_take_its_answers_is_cut_off(
    impatient_server: tuple[Site, Server],
) -> None:
    site, server = impatient_server
    document = b"GET %s HTTP/1.1\r\nHost: localhost:%d\r\n\r\n"
    document %= path_of(ENTERPRISE, "openapi.json").encode(), site.port
    before = open_sockets(server)
    with ExitStack() as stack:
        for _ in range(20):
            connect(stack, site, document * 100)
        ends = time.monotonic() + 20
        while open_sockets(server) > before and time.monotonic() < ends:
            time.sleep(0.1)
        assert open_sockets(server) <= before


async def test_rx_01_an_answer_that_nobody_takes_is_given_up() -> None:
    """One that is larger than what the system keeps for a connection."""

    async def large(_scope: Scope, _receive: Receive, answer: Send) -> None:
        await send_response(HttpResponse(status=200, body=b"a" * 30_000_000), answer)

    server = HttpServer(large, limits=ConnectionLimits(answer_seconds=0.2))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await server.begin([listening])
        _, writer = await asyncio.open_connection(*listening.getsockname(), limit=1)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        while not server.connections:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(4):  # sooner than anything else would close it
            while server.connections:
                await asyncio.sleep(0.01)
        writer.transport.abort()
    server.stop_listening()
    await server.end(0)


def test_rx_02_who_asks_nothing_more_is_let_go(site: Site) -> None:
    before = slow_percentile(site)
    asked = f"GET /livez HTTP/1.1\r\nHost: localhost:{site.port}\r\n\r\n".encode()
    with ExitStack() as stack:
        idle = [connect(stack, site, asked) for _ in range(IDLE)]
        check_honest(site, before)
        heard = [listen(each, patience=SECONDS_KEPT_ALIVE * 4) for each in idle]
    assert all(each.closed and each.statuses == [200] for each in heard)


def test_rx_02_who_never_asks_makes_room_for_who_does(impatient: Site) -> None:
    before = slow_percentile(impatient)
    with ExitStack() as stack:
        idle = [connect(stack, impatient) for _ in range(2 * IMPATIENT["connections"])]
        check_honest(impatient, before)
        heard = [listen(each, patience=10) for each in idle]
    assert all(each.closed and not each.raw for each in heard)


def test_rx_02_slow_forms_of_one_address_make_room_for_who_asks(impatient: Site) -> None:
    asked = b"POST %s HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 9\r\n\r\n"
    asked %= path_of(ENTERPRISE, "token").encode(), impatient.port
    before = slow_percentile(impatient)
    with ExitStack() as stack:
        for _ in range(IMPATIENT["connections"]):
            connect(stack, impatient, asked)
        check_honest(impatient, before)


async def test_rx_02_where_everybody_is_being_answered_who_comes_is_told_so() -> None:
    asked, enough = asyncio.Event(), asyncio.Event()

    async def long(_scope: Scope, _receive: Receive, answer: Send) -> None:
        asked.set()
        await enough.wait()
        await send_response(HttpResponse(status=200), answer)

    server = HttpServer(long, limits=ConnectionLimits(connections=1))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await server.begin([listening])
        _, first = await asyncio.open_connection(*listening.getsockname())
        first.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await asked.wait()
        reader, second = await asyncio.open_connection(*listening.getsockname())
        assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
        enough.set()
        first.close()
        second.close()
    server.stop_listening()
    await server.end(0)


# ---- RX-03: passwords ---------------------------------------------------------------------------


class Hashing:
    """Counts how many passwords are hashed at once."""

    def __init__(self) -> None:
        self.most = self._now = 0
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1


async def at_password(world: World) -> tuple[Person, Form]:
    person = await RelyingParty(world).person().open(RelyingParty(world).begin().url)
    await person.press("sign-in", username="alice")
    return person, person.page.form_with("sign-in")


async def test_rx_03_a_flood_of_passwords_stops_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 at once: few are hashed at a time, few wait, and the others are told so at once."""
    hashing, hasher = Hashing(), world.ostiary.passwords._hasher
    real = type(hasher).verify

    def verify(self: object, *arguments: Any) -> bool:
        with hashing.one():
            return bool(real(hasher, *arguments))

    monkeypatch.setattr(type(hasher), "verify", verify)
    person, form = await at_password(world)
    body = encode({**form.values, "username": "alice", "password": "wrong password"})
    cookie = [("cookie", cookies_of(person))]

    async def guess() -> httpx2.Response:
        return await post(world, form.action, body, headers=cookie)

    flood = [asyncio.create_task(guess()) for _ in range(200)]
    await asyncio.sleep(0)  # they have begun
    for _ in range(10):
        began = time.perf_counter()
        assert (await RelyingParty(world).token(grant_type="client_credentials")).status_code == 200
        assert time.perf_counter() - began < 1
        assert not all(each.done() for each in flood)
    answers = await asyncio.gather(*flood)
    busy = [each for each in answers if each.status_code == 503]
    assert hashing.most <= 4
    assert len(busy) == 200 - passwords.LONGEST_QUEUE
    assert all(each.headers["retry-after"] for each in busy)
    assert {each.status_code for each in answers} == {400, 503}
    assert "allow" in (await person.sign_in("alice", PASSWORD)).page.forms[0].buttons


# ---- RX-04, RX-10: forms ------------------------------------------------------------------------

FIELDS = {
    "the same name": b"&".join([b"a=1"] * 10_000),
    "many names": b"&".join(b"%x=" % number for number in range(10_000)),
    "no name": b"&" * 10_000,
    "arrays": b"&".join([b"a[]=1"] * 10_000),
}
POSTS = [endpoint.name for endpoint in ENDPOINTS if "POST" in endpoint.methods] + ["logout"]
POSTS += ["interaction/AAAAAAAAAAAAAAAAAAAAAA/login"]


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize("name", POSTS)
async def test_rx_04_ten_thousand_fields(world: World, name: str, fields: str) -> None:
    body = FIELDS[fields]
    assert len(body) < MAX_BODY_LENGTH
    async with unharmed(world):
        began = time.process_time()
        answer = await post(world, path_of(ENTERPRISE, name), body)
        assert time.process_time() - began < 0.2
        check_answer(answer)
        assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("fields", FIELDS)
async def test_rx_04_ten_thousand_parameters_in_an_address(world: World, fields: str) -> None:
    async with unharmed(world):
        for name in ("auth", "logout"):
            is_page(await send(world, "GET", path_of(ENTERPRISE, name), FIELDS[fields]))


MULTIPART = b"--x\r\n" + b"X-A: b\r\n" * 7_000
UPLOAD = (
    b'--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--'
)


@pytest.mark.parametrize("body", [MULTIPART, UPLOAD], ids=["endless headers", "a form"])
@pytest.mark.parametrize("name", POSTS)
async def test_rx_10_multipart_is_not_parsed(world: World, name: str, body: bytes) -> None:
    async with unharmed(world):
        check_answer(answer := await upload(world, path_of(ENTERPRISE, name), body))
        assert 400 <= answer.status_code < 500
    assert await reason_of(world, ENTERPRISE, answer.headers) in {
        ReasonCode.CONTENT_TYPE_WRONG,
        ReasonCode.TOKEN_MISSING,  # where a body is no duty
        ReasonCode.INTERACTION_UNKNOWN,  # found before the body is looked at
    }


async def test_rx_10_nor_in_a_form_of_ours(world: World) -> None:
    person, form = await at_password(world)
    fields = {**form.values, "username": "alice", "password": PASSWORD}
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    async with unharmed(world):
        body = "".join(parts).encode() + b"--x--"
        answer = await upload(world, form.action, body, cookies_of(person))
        is_page(answer)
    assert await reason_of(world, ENTERPRISE, answer.headers) is ReasonCode.CONTENT_TYPE_WRONG


async def upload(world: World, path: str, body: bytes, cookies: str = "") -> httpx2.Response:
    kind = "multipart/form-data; boundary=x"
    return await post(world, path, body, content_type=kind, headers=[("cookie", cookies)])


def test_rx_10_nothing_that_could_parse_it_is_loaded() -> None:
    loaded = modules_after("import ostiary.app")
    assert not {each for each in loaded if "multipart" in each and each != "email.mime.multipart"}
    parsers = {"form", "parse_form_data", "FormParser", "MultiPartParser"}
    called = {
        node.attr
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
    }
    assert not parsers & called


# ---- RX-06: JSON --------------------------------------------------------------------------------

DEEP = 100_000
BOMBS = {
    "lists": "[" * DEEP + "]" * DEEP,
    "lists without an end": "[" * DEEP,
    "objects": '{"a":' * DEEP + "1" + "}" * DEEP,
    "a member nested": '{"a":' + "[" * DEEP + "]" * DEEP + "}",
    "an integer": '{"a":' + "9" * 1_000_000 + "}",
    "a negative integer": '{"a":-' + "9" * 1_000_000 + "}",
    "a fraction": '{"a":1.' + "9" * 1_000_000 + "e999999}",
    "an exponent": '{"a":1e' + "9" * 1_000_000 + "}",
}
READERS: dict[str, Callable[[str], object]] = {
    "JSON of any length": lambda text: parse_json(text, max_length=len(text)),
    "the claims parameter": parse_claims_request,
    "a token's header": lambda text: parse_token(f"{base64url(text.encode())}.e30.AA"),
    "a token's claims": lambda text: parse_token(f"{segment({'alg': 'ES256'})}."
                                                 f"{base64url(text.encode())}.AA"),
    "a document of somebody's server": lambda text: parse_fetched(text.encode()),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("reader", READERS)
def test_rx_06_json_that_is_too_much(reader: str, bomb: str) -> None:
    began = time.process_time()
    with pytest.raises((Malformed, FetchFailed)):
        READERS[reader](BOMBS[bomb])
    assert time.process_time() - began < 0.25


def test_rx_06_json_is_read_nowhere_else() -> None:
    """Elsewhere it is our own, from the database, or an operator's, on the command line."""
    own = {"storage.columns", "storage.keys", "storage.migrations.versions.v0002_contract"}
    own |= {"cli.parameters", "web.openapi.refused", "cli.backup", "management.audit_export"}
    own |= {"telemetry.snapshots", "storage.schema", "signing.audit_keys"}
    named = {
        module.name.removeprefix("ostiary.")
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node).startswith(("json.load", "json.JSOND"))
    }
    assert named == own | {"protocol.strict_json", "outbound.json_document"}


# ---- RX-07: encrypted tokens --------------------------------------------------------------------

OFF_CURVE = {"kty": "EC", "crv": "P-256", "x": base64url(b"\1" * 32), "y": base64url(b"\2" * 32)}


def encrypted(header: dict[str, Any], content: bytes = b"content") -> str:
    """A JWE by its looks: header, encrypted key, IV, ciphertext, tag."""
    parts = (b"\1" * 256, b"\2" * 12, content, b"\3" * 16)
    return ".".join([segment(header), *map(base64url, parts)])


JWES = {
    "a bomb": encrypted(
        {"alg": "dir", "enc": "A256GCM", "zip": "DEF"}, zlib.compress(b"\0" * 10_000_000)
    ),
    "two thousand million rounds": encrypted(
        {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2**31, "p2s": "c2FsdA"}
    ),
    "a point off the curve": encrypted({"alg": "ECDH-ES", "enc": "A128GCM", "epk": OFF_CURVE}),
    "an oracle": encrypted({"alg": "RSA1_5", "enc": "A128CBC-HS256"}),
    "no key": encrypted({"alg": "dir", "enc": "A128GCM"}),
    "a nested token": encrypted({"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "JWT"}),
}


async def as_assertion(world: World, token: str) -> httpx2.Response:
    form = {"client_assertion": token, "client_assertion_type": ASSERTION_TYPE}
    return await post(
        world, path_of(ENTERPRISE, "token"), encode({"grant_type": "client_credentials", **form})
    )


async def as_proof(world: World, token: str) -> httpx2.Response:
    form = {"grant_type": "client_credentials", "client_id": "web", "client_secret": SECRET}
    return await post(world, path_of(ENTERPRISE, "token"), encode(form), headers=[("dpop", token)])


async def as_access_token(world: World, token: str) -> httpx2.Response:
    headers = [("authorization", f"Bearer {token}")]
    return await send(world, "GET", path_of(ENTERPRISE, "me"), headers=headers)


async def as_hint(world: World, token: str) -> httpx2.Response:
    return await ask(world, RelyingParty(world).begin(id_token_hint=token, prompt="none").sent)


async def as_request(world: World, token: str) -> httpx2.Response:
    return await ask(world, RelyingParty(world).begin(request=token).sent)


async def as_logout_hint(world: World, token: str) -> httpx2.Response:
    query = encode({"id_token_hint": token, "client_id": "web"})
    return await send(world, "GET", path_of(ENTERPRISE, "logout"), query)


TAKERS: dict[str, Any] = {
    "a client assertion": (as_assertion, {401}),
    "a DPoP proof": (as_proof, {400}),
    "an access token": (as_access_token, {401}),
    "a hint": (as_hint, {303}),
    "a request object": (as_request, {303}),
    "a hint at logout": (as_logout_hint, {200, 400}),
}


@pytest.mark.parametrize("jwe", JWES)
@pytest.mark.parametrize("taker", TAKERS)
async def test_rx_07_an_encrypted_token_is_nowhere_one(world: World, taker: str, jwe: str) -> None:
    take, statuses = TAKERS[taker]
    async with unharmed(world):
        began = time.process_time()
        answer = await take(world, JWES[jwe])
        assert time.process_time() - began < 0.2
        check_answer(answer)
        assert answer.status_code in statuses
        assert "code=" not in answer.headers.get("location", "")


def test_rx_07_nothing_that_could_decrypt_it_is_loaded() -> None:
    """What joserfc brings along by itself are its lists of algorithms, not what applies them."""
    loaded = modules_after("import ostiary.app, ostiary.cli.program")
    assert "joserfc.jws" in loaded
    assert not {"joserfc.jwe", "joserfc.jwt", "joserfc._rfc7516.compact"} & loaded


# ---- RX-08, RX-09: storage ----------------------------------------------------------------------


async def test_rx_08_a_flood_of_refusals_fills_no_disk(world: World) -> None:
    """So many are recorded of one client, and so many of all, and a minute later again."""
    for number in range(MOST_PER_CLIENT_AND_MINUTE + 40):
        await ask(world, {"client_id": "nobody", "state": str(number)})
        await world.ostiary.beside.drain()
    assert rows_of(world, "refusals") == MOST_PER_CLIENT_AND_MINUTE
    for number in range(MOST_PER_MINUTE + 100):
        await ask(world, {"client_id": f"nobody-{number}"})
        await world.ostiary.beside.drain()
    assert rows_of(world, "refusals") == MOST_PER_MINUTE


async def test_rx_08_what_is_refused_leaves_nothing_pending(world: World) -> None:
    rp = RelyingParty(world)
    async with unharmed(world):
        for _ in range(50):
            await ask(world, rp.begin(code_challenge=None).sent)
            is_json(await rp.push(rp.begin(), client_secret="wrong"), 401, "invalid_client")


async def test_rx_08_a_pending_request_is_of_bounded_size(world: World) -> None:
    """A state, a nonce or a hint of the whole query's length is not kept."""
    rp = RelyingParty(world)
    before = world.path.stat().st_size
    for name in ("state", "nonce", "login_hint", "claims", "acr_values", "ui_locales"):
        for length in (10_000, 60_000):
            await ask(world, rp.begin(**{name: "x" * length}).sent)
            await rp.push(rp.begin(**{name: "x" * length}))
    assert largest_value(world) < 10_000
    assert world.path.stat().st_size - before < 200_000


def largest_value(world: World) -> int:
    with closing(sqlite3.connect(world.path)) as connection:
        return max(
            len(value)
            for table in ("interactions", "pushed_requests")
            for row in connection.execute(f"SELECT * FROM {table}")  # noqa: S608
            for value in row
            if isinstance(value, str | bytes)
        )


async def test_rx_09_an_unknown_token_costs_one_read_or_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await change_client(world, "web", may_introspect=True)
    rp = RelyingParty(world)
    known = (await rp.tokens(scope="openid offline_access"))["access_token"]
    # As after a restore of an older database: our signature, and an authorization that is not there.
    claims: Any = {**payload(known), "jti": "A" * TOKEN_ID_LENGTH}
    lost = await sign_as_issuer(world, claims)
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 3600.0)
    await rp.introspect(known)
    await world.ostiary.beside.drain()
    unknown = ["x", "x" * 5_000, known[:-2], "or_" + "A" * 56, "oz_" + "A" * 56, lost]
    for token in unknown:
        with counted(world) as cost:
            assert (await rp.introspect(token)).json() == {"active": False}
        assert len(cost.reads) <= 1, cost.reads
        assert cost.writes == []
        # By its key: no table is read through.
        for statement in cost.reads:
            plan = sqlite_of(world.store)._reader.execute(f"EXPLAIN QUERY PLAN {statement}")
            assert not [row for row in plan if str(row["detail"]).startswith("SCAN")]
