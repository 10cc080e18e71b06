"""Catalogue section 14, LL-01: every secret that a client or a browser carries, through every flow.

They are collected where they travel. None of them may be in a log, a record of a refusal or an audit
event, in an answer that refuses, or in the database in a form in which it could be presented.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from ostiary.protocol.jose.public_key import PublicKey
from ostiary.signing.signer import Signer
from ostiary.storage.sqlite import SqliteDatabase
from ostiary.telemetry.exposition import expose
from ostiary.web.access_log import AccessLog
from ostiary.web.asgi import Application, Message, Receive, Scope, Send
from tests.attacks.test_5_codes_and_refresh import check_absent
from tests.attacks.test_14_logs import Log, log_as
from tests.attacks.wire import encode, path_of, send
from tests.kit.client_key import ASSERTION_TYPE
from tests.kit.fapi_party import FapiParty
from tests.kit.leaving import BACKCHANNEL, logout_url, tell
from tests.kit.relying_party import RelyingParty, go_through
from tests.kit.world import ENTERPRISE, PASSWORD, World, a_client

# Where a secret travels: parameters, members of a JSON answer, headers.
PARAMETERS = {
    *("password", "client_secret", "client_assertion", "code", "code_verifier", "refresh_token"),
    *("token", "access_token", "id_token_hint", "request_uri", "csrf", "account", "logout_token"),
}
MEMBERS = {"access_token", "refresh_token", "id_token", "request_uri"}
# A form that is shown again has them once more.
OF_THE_PAGE = {"csrf", "account"}
HEADERS = {b"authorization", b"dpop", b"cookie"}
# Shorter ones are no secrets: they were made up to be refused.
SHORTEST = 16
OFFLINE = "openid profile email offline_access"


@dataclass(slots=True)
class Wiretap:
    """Notes the secrets that travel to the provider and back, and what it answers to the refused."""

    inner: Application
    secrets: dict[str, set[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent: list[Message] = []
        body = b""

        async def hear() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def say(message: Message) -> None:
            sent.append(message)
            await send(message)

        await self.inner(scope, hear, say)
        for encoded in (scope["query_string"], body):
            self._note_parameters(encoded.decode("latin-1"))
        for name, value in scope["headers"]:
            if name in HEADERS:
                self._note_header(name.decode(), value.decode("latin-1"))
        start, *rest = sent
        self._note_answer(start, b"".join(each["body"] for each in rest).decode())

    def note(self, name: str, value: str) -> None:
        if len(value) >= SHORTEST:
            self.secrets.setdefault(name, set()).add(value)

    def _note_parameters(self, encoded: str) -> None:
        for name, value in parse_qsl(encoded):
            if name in PARAMETERS:
                self.note(name, value)

    def _note_header(self, name: str, value: str) -> None:
        if name == "cookie":
            for pair in value.split("; "):
                self.note("a cookie", pair.partition("=")[2])
        else:
            self.note(name, value.rpartition(" ")[2])

    def _note_answer(self, start: Message, text: str) -> None:
        headers = {name: value.decode("latin-1") for name, value in start["headers"]}
        location = headers.get(b"location", "")
        self._note_parameters(urlsplit(location).query)
        with suppress(ValueError):
            members = json.loads(text)
            for name in MEMBERS & set(members if isinstance(members, dict) else ()):
                self.note(name, str(members[name]))
        if start["status"] >= 400 or "error=" in location:
            self.refused.append(f"{start['headers']!r} {text}")


def tapped(world: World) -> tuple[World, Wiretap]:
    """With the log of requests on, as `serve` puts it together."""
    wiretap = Wiretap(world.ostiary.application)
    logged = AccessLog(wiretap, world.ostiary.telemetry, lines=True)
    ostiary = replace(world.ostiary, application=logged)
    return replace(world, ostiary=ostiary), wiretap


@pytest.fixture(params=["json", "text"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    yield from log_as(request.param, monkeypatch)


async def check_kept(world: World, wiretap: Wiretap, written: str) -> None:
    """Nothing of them is where it does not belong."""
    await world.ostiary.beside.drain()
    written += await records(world)
    written += expose(world.ostiary.telemetry.instruments).decode()
    assert "refused" in written
    assert wiretap.refused
    for name, values in wiretap.secrets.items():
        for value in values:
            # Also of one that was cut, as long values are.
            cut = (value[-24:], value[40:64]) if len(value) >= 64 else ()
            for part in (value, *cut):
                assert part not in written, f"{name} in the log"
                assert name in OF_THE_PAGE or not [
                    each for each in wiretap.refused if part in each
                ], f"{name} in an answer"
    everything = [value for values in wiretap.secrets.values() for value in values]
    check_absent(world, everything)


async def records(world: World) -> str:
    """What is kept to be read by operators."""
    tables = ("refusals", "audit_events", "logout_notices")
    rows = [
        dict(row)
        for table in tables
        for row in await world.store.database.read_all(f"SELECT * FROM {table}", {})  # noqa: S608
    ]
    assert len(rows) > 20
    return repr(rows)


# ---- the flows ----------------------------------------------------------------------------------


async def register(world: World) -> tuple[FapiParty, RelyingParty]:
    """A client that pushes, signs and proves its key, and one with a secret; both are told at logout."""
    party = await FapiParty(world, ENTERPRISE).register(
        backchannel_logout_uri=BACKCHANNEL, may_introspect=True
    )
    told = a_client("told", ENTERPRISE, backchannel_logout_uri=BACKCHANNEL, may_introspect=True)
    return party, RelyingParty.of(world, await world.add_client(told))


async def use(party: FapiParty, tokens: dict[str, str]) -> None:
    """At userinfo, introspection and revocation, once rightly and once not."""
    access, me = tokens["access_token"], ENTERPRISE.endpoint("me")
    proof = party.dpop_key.proof("GET", me, party.world.clock.time, access_token=access)
    async with party.world.http() as http:
        for headers in (
            {"authorization": f"DPoP {access}", **proof},
            {"authorization": f"DPoP {access}", **proof},
            {"authorization": f"Bearer {access}"},
            {"authorization": f"DPoP {access[:-4]}AAAA", **proof},
        ):
            await http.get(me, headers=headers)
    for endpoint in ("token/introspection", "token/revocation"):
        await party.post(endpoint, {"token": access, **party.assertion()})
        await party.post(endpoint, {"token": access, **party.assertion(aud="https://evil.test")})


async def with_a_key(party: FapiParty) -> None:
    rp, world = party.rp, party.world
    flow = rp.begin(scope=OFFLINE)
    assertion = party.assertion()
    pushed = await party.post("request", {**flow.sent, **assertion})
    assert pushed.status_code == 201, pushed.text
    await party.post("request", {**flow.sent, **assertion})  # the same once more
    await party.post("request", {**flow.sent, **party.assertion(exp=world.clock.time - 9)})
    request_uri = pushed.json()["request_uri"]
    await rp.person().open(rp.visit_of(request_uri[:-4] + "AAAA"))
    await rp.person().open(rp.visit_of(request_uri).replace("=fapi", "=web"))
    person = await rp.person().open(rp.visit_of(request_uri))
    await go_through(person)
    assert person.left_to is not None
    code = dict(parse_qsl(urlsplit(person.left_to).query))["code"]
    await person.open(rp.visit_of(request_uri))  # used up
    proof = party.proof("token")
    await party.redeem(flow, code, headers={})
    await party.redeem(flow, code, headers=party.proof("token", htm="GET"))
    await party.redeem(flow, code, client_assertion="x" * 40, client_assertion_type=ASSERTION_TYPE)
    answer = await party.redeem(flow, code, headers=proof)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    await party.redeem(flow, code, headers=proof)  # the code and the proof once more
    for refresh_token in (tokens["refresh_token"], tokens["refresh_token"][:-4] + "AAAA"):
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        await party.post("token", {**form, **party.assertion()}, party.proof("token"))
    await use(party, tokens)


async def with_a_secret(rp: RelyingParty) -> None:
    """From signing in to signing out, by which clients are told, or cannot be."""
    world, person = rp.world, rp.person()
    await person.open((flow := rp.begin(scope=OFFLINE)).url)
    await person.sign_in("alice", "canary-of-a-wrong-password")
    await person.press("sign-in", username="alice", password=PASSWORD)
    await person.press("allow", csrf="canary-of-a-forged-token")
    await go_through(await person.open(flow.url))
    assert person.left_to is not None
    code = dict(parse_qsl(urlsplit(person.left_to).query))["code"]
    await rp.redeem(flow, code, client_secret="canary-of-a-wrong-secret")
    await rp.redeem(flow, code[:-4] + "AAAA")
    await rp.redeem(flow, code, redirect_uri="https://rp.example/other")
    tokens = (await rp.redeem(flow, code)).json()
    for token in (tokens["access_token"], tokens["refresh_token"], tokens["id_token"]):
        await rp.userinfo(token)
        await rp.introspect(token)
        await rp.introspect(token, client_secret="canary-of-a-wrong-secret")
    await rp.refresh(tokens["refresh_token"], scope="openid phone")
    me = path_of(ENTERPRISE, "me")
    await send(world, "GET", me, encode({"access_token": tokens["access_token"]}))
    await send(world, "GET", path_of(ENTERPRISE, "token"), encode({"refresh_token": code}))
    await rp.revoke(tokens["refresh_token"], client_id="other")
    await rp.redeem(flow, code, code_verifier="canary-of-a-wrong-verifier-that-is-long-enough")
    await rp.refresh(tokens["refresh_token"])
    hint = tokens["id_token"]
    for asked in (
        {"id_token_hint": hint[:-4] + "AAAA"},
        {"id_token_hint": hint, "client_id": "web"},
    ):
        await person.open(logout_url(rp, **asked))
    await person.open(rp.begin(id_token_hint=hint[:-4] + "AAAA").url)
    await person.open(logout_url(rp, id_token_hint=hint))
    assert person.page.heading == "You have signed out"
    for status in (None, 500, 200):
        world.elsewhere.statuses = {} if status is None else {BACKCHANNEL: status}
        world.clock.time += 3_600
        await tell(world)


async def note_logout_tokens(world: World, wiretap: Wiretap) -> None:
    tokens = [fields["logout_token"] for _, fields in world.elsewhere.forms]
    assert len(tokens) >= 2
    for token in tokens:
        wiretap.note("logout_token", token)


async def test_ll_01_no_secret_of_any_flow_is_kept_or_told(world: World, log: Log) -> None:
    world, wiretap = tapped(world)
    party, rp = await register(world)
    await with_a_key(party)
    await with_a_secret(rp)
    await note_logout_tokens(world, wiretap)
    assert set(wiretap.secrets) >= (PARAMETERS - {"account"}) | MEMBERS | {
        "authorization",
        "dpop",
        "a cookie",
    }
    assert log().count("refused") >= 15
    await check_kept(world, wiretap, log())


# What is written, what is read, what signs, what verifies.
BREAKABLE: list[tuple[Any, str]] = [
    (SqliteDatabase, "change"),
    (SqliteDatabase, "read_one"),
    (Signer, "sign"),
    (PublicKey, "verifies"),
]


async def test_ll_01_nor_where_something_breaks(
    world: World, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, wiretap = tapped(world)
    party, rp = await register(world)
    flow, code = await party.authorize(scope=OFFLINE)
    tokens = (await party.redeem(flow, code)).json()
    person = await rp.person().open(rp.begin().url)
    await person.press("sign-in", username="alice")
    form = person.page.form_with("sign-in")
    values = {**form.values, "username": "alice", "password": PASSWORD}
    for owner, name in BREAKABLE:
        with monkeypatch.context() as broken:
            broken.setattr(owner, name, fail)
            await party.push(rp.begin())
            await party.redeem(flow, code)
            refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
            await party.post("token", {**refresh, **party.assertion()}, party.proof("token"))
            await use(party, tokens)
            await person.post(form.action, values)
            await rp.person().open(rp.begin(id_token_hint=tokens["id_token"]).url)
            await rp.token(grant_type="client_credentials")
            await rp.introspect(tokens["access_token"])
            await rp.person().open(logout_url(rp, id_token_hint=tokens["id_token"]))
    written = log()
    assert written.count("RuntimeError: a defect") >= 10
    await check_kept(world, wiretap, written)


def fail(*_: object, **__: object) -> Any:
    raise RuntimeError("a defect")
