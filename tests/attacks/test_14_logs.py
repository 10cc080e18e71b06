"""Catalogue section 14, LL-01 to LL-03: what logs may say."""

import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ostiary.logs import configure_logs
from ostiary.storage.authorizations import Authorizations
from ostiary.web.access_log import AccessLog
from tests.attacks.conftest import forget_loggers
from tests.attacks.expected import REFERENCE
from tests.attacks.test_5_codes_and_refresh import check_absent
from tests.attacks.wire import FORM, ask, cookies_of, encode, path_of, post, send
from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, PASSWORD, World

Log = Callable[[], str]
HOSTILE = "a\r\nfake\x1b[31m\u2028\u202e{}"


def log_as(log_format: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    handlers = logging.root.handlers[:], logging.root.level
    configure_logs(log_format, "debug")  # type: ignore[arg-type]
    yield output.getvalue
    logging.root.handlers[:], logging.root.level = handlers
    forget_loggers()


@pytest.fixture(params=["json", "text"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    yield from log_as(request.param, monkeypatch)


@pytest.fixture
def json_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    yield from log_as("json", monkeypatch)


@pytest.fixture
def text_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    yield from log_as("text", monkeypatch)


async def everything(world: World) -> list[str]:
    """A flow from its beginning to its end, with failures on the way; the secrets in it."""
    rp = RelyingParty(world)
    person: Person = await rp.person().open((flow := rp.begin(scope="openid offline_access")).url)
    await person.sign_in("alice", "canary-of-a-wrong-password")
    await person.press("sign-in", username="alice", password=PASSWORD)
    await person.press("allow")
    assert person.left_to is not None
    code = person.left_to.split("code=")[1].split("&")[0]
    await rp.redeem(flow, code, client_secret="canary-of-a-wrong-secret")
    await rp.redeem(flow, code, redirect_uri="https://x/")
    first = (await rp.redeem(flow, code)).json()
    second = (await rp.refresh(first["refresh_token"])).json()
    await rp.refresh(second["refresh_token"], scope="phone")
    await rp.userinfo(second["access_token"])
    token = second["access_token"]
    me, endpoint = path_of(ENTERPRISE, "me"), path_of(ENTERPRISE, "token")
    await send(world, "GET", me, encode({"access_token": token}))
    await rp.userinfo(token[:-4] + "AAAA")
    await send(world, "GET", endpoint, encode({"client_secret": rp.secret, "code": code}))
    await post(
        world,
        endpoint,
        encode({"grant_type": "refresh_token"}, b"%"),
        headers=[("authorization", f"Bearer {token}")],
    )
    await ask(world, rp.begin(id_token_hint=second["id_token"][:-4] + "AAAA").sent)
    await rp.redeem(flow, code)
    await rp.refresh(first["refresh_token"])
    await world.ostiary.beside.drain()
    cookies = [value for _, value in person.http.cookies.items()]
    return [
        PASSWORD,
        "canary-of-a-wrong-password",
        "canary-of-a-wrong-secret",
        str(rp.secret),
        flow.verifier,
        code,
        *cookies,
        *(
            each[name]
            for each in (first, second)
            for name in ("access_token", "refresh_token", "id_token")
        ),
    ]


async def test_ll_01_no_secret_in_log_database_or_audit(world: World, log: Log) -> None:
    secrets = await everything(world)
    written = log()
    assert written.count("refused") >= 8
    for secret in secrets:
        assert secret not in written
        assert secret[-20:] not in written
    check_absent(world, secrets)


async def break_sign_in(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """Gives the reference that the person is shown."""

    async def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("ostiary.accounts.factors.password._renew_hash", fail)
    person = await RelyingParty(world).person().open(RelyingParty(world).begin().url)
    await person.sign_in("alice", PASSWORD)
    assert person.page.status == 500
    assert PASSWORD not in person.page.html
    assert "a defect" not in person.page.html
    (reference,) = set(REFERENCE.findall(person.page.text))
    assert reference == person.page.headers["ostiary-reference"]
    return str(reference)


def events(log: Log, name: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log().splitlines()]
    return [line for line in lines if line["event"] == name]


async def test_ll_01_a_defect_tells_no_secret(
    world: World, json_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await break_sign_in(world, monkeypatch)
    assert "a defect" in json_log()
    assert PASSWORD not in json_log()


async def test_a_defect_of_a_page_is_logged_under_the_reference_that_is_shown(
    world: World, json_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = await break_sign_in(world, monkeypatch)
    (defect,) = events(json_log, "defect")
    assert defect["reference"] == reference
    assert "RuntimeError: a defect" in defect["exception"]


async def test_a_defect_of_an_endpoint_is_logged_under_the_reference_of_the_answer(
    world: World, json_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_store(monkeypatch, "redeem")
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person())
    broken = await rp.redeem(flow, answer["code"])
    assert (broken.status_code, broken.json()["error"]) == (500, "server_error")
    (defect,) = events(json_log, "defect")
    assert (defect["endpoint"], defect["reference"]) == (
        "token",
        broken.headers["ostiary-reference"],
    )


async def test_a_defect_that_is_redirected_is_logged_under_the_reference_of_the_answer(
    world: World, json_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in()
    break_store(monkeypatch, "add")
    broken = await ask(world, rp.begin().sent, cookies=cookies_of(person))
    assert "error=server_error" in broken.headers["location"]
    (defect,) = events(json_log, "defect")
    assert defect.get("reference") == broken.headers["ostiary-reference"]


def break_store(monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(Authorizations, verb, fail)


async def test_ll_01_a_defect_tells_no_secret_in_readable_logs(
    world: World, text_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await break_sign_in(world, monkeypatch)
    assert "a defect" in text_log()
    assert PASSWORD not in text_log()


async def hostile_requests(world: World) -> None:
    for name in ("client_id", "state", "login_hint", "redirect_uri", "scope"):
        await ask(world, RelyingParty(world).begin(**{name: HOSTILE}).sent)
        await ask(world, RelyingParty(world).begin(**{name: "x" * 1_000_000}).sent)
    agent = [("user-agent", "a\x1b[31m\x85"), ("referer", "x" * 60_000), ("content-type", FORM)]
    await send(world, "GET", "/\x1b[31m\u2028", headers=agent)
    body = encode({"grant_type": HOSTILE, "client_id": HOSTILE, "client_secret": "x"})
    await send(world, "POST", path_of(ENTERPRISE, "token"), headers=agent, body=body)
    await world.ostiary.beside.drain()


async def test_ll_02_one_json_line_for_each_event(world: World, json_log: Log) -> None:
    await hostile_requests(world)
    lines = json_log().splitlines()
    assert len(lines) >= 5
    for line in lines:
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < 1_000
        assert isinstance(json.loads(line), dict)


async def test_ll_02_readable_logs_command_no_terminal(world: World, text_log: Log) -> None:
    await ask(world, RelyingParty(world).begin(client_id="\x1b[2Jx").sent)
    assert "\x1b[2J" not in text_log()


async def test_ll_03_no_url_is_logged(world: World, log: Log) -> None:
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person(), login_hint="canary-hint")
    await ask(world, rp.begin(prompt="none x", login_hint="canary-hint").sent)
    await send(world, "GET", path_of(ENTERPRISE, "logout"), b"id_token_hint=canary-hint")
    await send(world, "GET", "/canary-hint")
    written = log()
    assert "refused" in written
    for secret in (
        flow.state,
        flow.nonce,
        answer["code"],
        "canary-hint",
        flow.sent["code_challenge"],
    ):
        assert secret not in written


# ---- the log of requests: switched on with log.requests ---------------------------------------


REQUEST_FIELDS = {
    *("ts", "level", "event", "request_id", "trace_id", "issuer", "institution", "client_id"),
    *("outcome", "reason", "method", "path", "route", "status", "ms", "peer"),
}


def with_access_log(world: World) -> World:
    """As `serve` puts it together when log.requests is on."""
    application = AccessLog(world.ostiary.application, world.ostiary.telemetry, lines=True)
    ostiary = replace(world.ostiary, application=application)
    return replace(world, ostiary=ostiary)


async def test_ll_03_the_log_of_requests_has_no_query_and_no_secret(
    world: World, json_log: Log
) -> None:
    logged = with_access_log(world)
    secrets = await everything(logged)
    canary = encode({"id_token_hint": "canary-hint"})
    await send(logged, "GET", path_of(ENTERPRISE, "logout"), canary)
    await ask(logged, RelyingParty(logged).begin(login_hint="canary-hint").sent)
    lines = events(json_log, "request")
    assert len(lines) >= 20
    for line in lines:
        assert set(line) >= {"event", "level", "ts", "request_id", "method", "path", "route", "ms"}
        assert set(line) <= REQUEST_FIELDS
        assert re.fullmatch(r"/[A-Za-z0-9./_-]*", line["path"]), line
        assert line["method"] in {"GET", "POST"}
        assert 200 <= line["status"] < 500
        assert line["ms"] >= 0
    written = json_log()
    assert "canary-hint" not in written
    assert [secret for secret in secrets if secret in written] == []


async def test_the_log_of_requests_has_a_line_for_what_failed(
    world: World, json_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await break_sign_in(with_access_log(world), monkeypatch)
    assert events(json_log, "request")[-1]["status"] == 500


async def test_ll_02_the_log_of_requests_is_one_json_line_each(world: World, json_log: Log) -> None:
    await hostile_requests(with_access_log(world))
    for line in json_log().splitlines():
        assert line.isascii()
        assert line.isprintable()
        assert isinstance(json.loads(line), dict)


async def test_ll_02_the_readable_log_of_requests_commands_no_terminal(
    world: World, text_log: Log
) -> None:
    await send(with_access_log(world), "GET", "/\x1b[2Jx\x9b2J\u202e")
    assert "request" in text_log()
    for character in "\x1b[2J", "\x9b", "\u202e":
        assert character not in text_log()


async def test_ll_02_the_log_of_requests_cuts_long_paths(world: World, json_log: Log) -> None:
    await send(with_access_log(world), "GET", "/" + "x" * 60_000)
    assert max(map(len, json_log().splitlines())) < 1_000
