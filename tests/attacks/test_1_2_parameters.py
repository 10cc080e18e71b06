"""Catalogue section 1.2: parameters of the authorization request."""

import asyncio
import re
import socket
from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit

import httpx2
import pytest

from ostiary.domain.client import Client
from ostiary.domain.issuer import DAY, HOUR
from ostiary.protocol.response_mode import ResponseMode
from tests.attacks.aftermath import contents, rows_of, unharmed
from tests.attacks.expected import check_answer, check_page_headers, is_json, is_page, is_redirect
from tests.attacks.operating import add_issuer
from tests.attacks.wire import (
    FORM,
    ask,
    cookies_of,
    encode,
    interaction_cookie,
    path_of,
    post,
    resubmit,
    returned,
    send,
)
from tests.kit.person import Page
from tests.kit.relying_party import RelyingParty, callback, go_through, payload
from tests.kit.world import CONSUMER, ENTERPRISE, PASSWORD, World, a_client

AUTH = path_of(ENTERPRISE, "auth")


@pytest.mark.parametrize("value", [None, ""])
async def test_az_01_response_type_missing(world: World, value: str | None) -> None:
    flow = RelyingParty(world).begin(response_type=value)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


@pytest.mark.parametrize(
    "response_type",
    ["token", "id_token", "code token", "code id_token", "none", "code code", "CODE", "code ", "x"],
)
@pytest.mark.parametrize("mode", [None, "query"])
async def test_az_02_only_code(world: World, response_type: str, mode: str | None) -> None:
    flow = RelyingParty(world).begin(response_type=response_type, response_mode=mode)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "unsupported_response_type")


REPEATABLE = [
    "scope",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_type",
    "prompt",
    "max_age",
    "unknown",
]


@pytest.mark.parametrize("name", REPEATABLE)
async def test_az_03_repeated_parameter(world: World, name: str) -> None:
    flow = RelyingParty(world).begin(prompt="login", max_age="1", unknown="x")
    async with unharmed(world):
        answer = await ask(world, flow.sent, encode({name: flow.sent[name]}))
        is_redirect(answer, flow, "invalid_request")
        answer = await ask(world, flow.sent, name.encode() + b"=")
        is_redirect(answer, flow, "invalid_request")


async def test_az_03_repeated_state_is_not_sent_back(world: World) -> None:
    flow = RelyingParty(world).begin()
    async with unharmed(world):
        answer = await ask(world, flow.sent, b"state=other")
        is_redirect(answer, flow, "invalid_request", state=None)


async def test_az_03_repeated_client_id_is_a_page(world: World) -> None:
    flow = RelyingParty(world).begin()
    async with unharmed(world):
        is_page(await ask(world, flow.sent, b"client_id=other"))


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
async def test_az_03_repeated_response_mode_answers_in_the_query(world: World, mode: str) -> None:
    flow = RelyingParty(world).begin(response_mode="fragment")
    async with unharmed(world):
        answer = await ask(world, flow.sent, encode({"response_mode": mode}))
        is_redirect(answer, flow, "invalid_request")


@pytest.mark.parametrize("name", ["state", "scope", "nonce", "code_challenge", "response_type"])
async def test_az_04_the_same_name_in_query_and_body(world: World, name: str) -> None:
    flow = RelyingParty(world).begin()
    again = encode({name: flow.sent[name]})
    async with unharmed(world):
        answer = await post(world, AUTH, encode(flow.sent), query=again)
        state = None if name == "state" else flow.state
        is_redirect(answer, flow, "invalid_request", state=state)


@pytest.mark.parametrize("extra", [b"scope[]=x", b"scope.0=x", b"scope[0]=x", b"Scope=x", b"=x"])
async def test_az_05_names_that_look_alike_are_unknown(world: World, extra: bytes) -> None:
    flow = RelyingParty(world).begin(prompt="none")
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent, extra), flow, "login_required")


@pytest.mark.parametrize("extra", [b"scope%00=x", b"%00=x", b"a=%00"])
async def test_az_05_a_name_or_value_with_nul_is_refused(world: World, extra: bytes) -> None:
    async with unharmed(world):
        is_page(await ask(world, RelyingParty(world).begin().sent, extra))


async def test_az_06_a_semicolon_separates_nothing(world: World) -> None:
    flow = RelyingParty(world).begin(prompt="none")
    async with unharmed(world):
        evil = b"a=1;redirect_uri=https%3A%2F%2Fevil.test%2Fcb;state=evil"
        is_redirect(await ask(world, flow.sent, evil), flow, "login_required")
        flow = RelyingParty(world).begin(scope="openid;profile", prompt="none")
        is_redirect(await ask(world, flow.sent), flow, "invalid_scope")


async def test_az_07_unknown_parameters_are_ignored_and_not_kept(world: World) -> None:
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person(), mystery_name="mystery-value")
    assert (await rp.redeem(flow, answer["code"])).status_code == 200
    stored = world.path.read_bytes()
    stored += world.path.with_name("ostiary.db-wal").read_bytes()
    assert b"mystery" not in stored


@pytest.mark.parametrize(
    "scope",
    ['openid "', "openid \\", "openid \x01", "openid é", "openid\tprofile", "openid\n", "\x7f"],
)
async def test_az_08_scope_is_printable_ascii(world: World, scope: str) -> None:
    flow = RelyingParty(world).begin(scope=scope)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_scope")


async def test_az_09_scope_that_the_client_may_not_have(world: World) -> None:
    client = await world.add_client(
        a_client("small", ENTERPRISE, scopes=frozenset({"openid", "profile"}))
    )
    rp = RelyingParty.of(world, client)
    flow = rp.begin(scope="openid email")
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_scope")
    tokens = await rp.tokens(scope="openid profile unheard-of offline_access")
    assert tokens["scope"] == "openid profile"
    assert "refresh_token" not in tokens


async def test_az_10_without_openid_no_id_token(world: World) -> None:
    tokens = await RelyingParty(world).tokens(scope="profile email")
    assert "id_token" not in tokens
    tokens = await RelyingParty(world).tokens(scope="OPENID profile")
    assert "id_token" not in tokens
    assert tokens["scope"] == "profile"
    flow = RelyingParty(world).begin(scope="OPENID")
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_scope")


@pytest.mark.parametrize(
    "scope",
    [" ".join(["openid"] * 10_000), "openid " + "a" * 10_000, " ".join(map(str, range(10_000)))],
)
async def test_az_11_huge_scope(world: World, scope: str) -> None:
    flow = RelyingParty(world).begin(scope=scope)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_scope")


@pytest.mark.parametrize(
    "state", ["s" * 2048, "".join(map(chr, range(0x20, 0x7F))) * 20, "ü🏦" * 500]
)
async def test_az_12_long_state_comes_back_byte_for_byte(world: World, state: str) -> None:
    rp = RelyingParty(world)
    flow = rp.begin(state=state, prompt="none")
    is_redirect(await ask(world, flow.sent), flow, "login_required", state=state)
    _, answer = await rp.authorize(rp.person(), state=state)
    assert answer["state"] == state


@pytest.mark.parametrize("length", [4097, 65_536, 1_000_000])
async def test_az_13_state_is_never_cut(world: World, length: int) -> None:
    flow = RelyingParty(world).begin(state="s" * length)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request", state=None)


INJECTIONS = [
    "a&error=x",
    "a&code=stolen",
    "a#code=stolen",
    "\"'><script>alert(1)</script>",
    "a\r\nSet-Cookie: x=y",
    "a\r\n\r\n<html>",
    "%0d%0aSet-Cookie:x",
    "%26code%3Dstolen",
    "a+b c",
    "{{7*7}}${7*7}",
    "\u2028\u202e\ufeff",
    "a\x1b[31m\x08",
]


@pytest.mark.parametrize("state", INJECTIONS)
async def test_az_14_state_is_one_parameter(world: World, state: str) -> None:
    flow = RelyingParty(world).begin(state=state, prompt="none")
    async with unharmed(world):
        answer = await ask(world, flow.sent)
        is_redirect(answer, flow, "login_required", state=state)
        raw = answer.headers["location"].split("state=")[1].split("&")[0]
        assert unquote(raw) == state
        assert raw == quote(state, safe="")


@pytest.mark.parametrize("state", INJECTIONS)
@pytest.mark.parametrize("mode", ["fragment", "form_post"])
async def test_az_14_state_in_every_response_mode(world: World, state: str, mode: str) -> None:
    flow = RelyingParty(world).begin(state=state, prompt="none", response_mode=mode)
    async with unharmed(world):
        answer = await ask(world, flow.sent)
        check_answer(answer)
        if mode == "fragment":
            fragment = urlsplit(answer.headers["location"]).fragment
            assert fragment.split("state=")[1].split("&")[0] == quote(state, safe="")
        else:
            values = Page(answer).forms[0].values
            # A form's line breaks are normalised by HTML itself.
            assert values["state"].replace("\r\n", "\n") == state.replace("\r\n", "\n")
            assert set(values) == {"error", "error_description", "state", "iss"}
            assert "<script>alert" not in answer.text


@pytest.mark.parametrize("nonce", ["n" * 384, "n" * 1024, "ünïcödé 🏦", "\"'<>&\\", "a\r\nb"])
async def test_az_15_nonce_comes_back_exactly(world: World, nonce: str) -> None:
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person(), nonce=nonce)
    tokens = (await rp.redeem(flow, answer["code"])).json()
    assert payload(tokens["id_token"])["nonce"] == nonce


async def test_az_15_too_long_nonce_is_refused(world: World) -> None:
    flow = RelyingParty(world).begin(nonce="n" * 1025)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


@pytest.mark.parametrize("mode", ["fragment", "form_post"])
async def test_az_16_response_mode_that_the_client_may_not_use(world: World, mode: str) -> None:
    client: Client = await world.add_client(
        a_client("plain", ENTERPRISE, response_modes=frozenset({ResponseMode.QUERY}))
    )
    flow = RelyingParty.of(world, client).begin(response_mode=mode)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


@pytest.mark.parametrize(
    "mode", ["web_message", "jwt", "query.jwt", "FRAGMENT", "fragment query", "x"]
)
async def test_az_17_unknown_response_mode(world: World, mode: str) -> None:
    flow = RelyingParty(world).begin(response_mode=mode)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


async def test_az_18_form_post_page(world: World) -> None:
    """No form-action: Chromium would hold it against the redirects that follow (finding F1)."""
    state = "\"'><script>alert(1)</script><input name=code value=x>"
    person = RelyingParty(world).person()
    rp = RelyingParty(world)
    await person.open(rp.begin(response_mode="form_post", state=state).url)
    await person.sign_in("alice", PASSWORD)
    await person.press("allow")
    page = person.page
    check_page_headers_of(page)
    (form,) = page.forms
    assert form.action == rp.redirect_uri
    assert form.values["state"] == state
    assert set(form.values) == {"code", "state", "iss"}
    scripts = re.findall(r"<script[^>]*>", page.html)
    assert len(scripts) == 1
    assert "/static/form-post.js" in scripts[0]
    assert " on" not in " ".join(
        re.findall(r"<(?:form|input|button|body)[^>]*>", page.html)
    ).replace('class="button"', "")


def check_page_headers_of(page: Page) -> None:
    check_page_headers(httpx2.Response(page.status, headers=page.headers))


@pytest.mark.parametrize(
    "prompt", ["none login", "none consent", "login none", "x", "NONE", "none x", "login,consent"]
)
async def test_az_19_prompts_that_contradict(world: World, prompt: str) -> None:
    flow = RelyingParty(world).begin(prompt=prompt)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


async def test_az_20_prompt_none_without_a_session(world: World) -> None:
    flow = RelyingParty(world).begin(prompt="none")
    async with unharmed(world):
        answer = await ask(world, flow.sent)
        is_redirect(answer, flow, "login_required")
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "cookie", ["garbage", "os_" + "A" * 56, "os_", "", "ob_" + "A" * 56, "é\xff"]
)
async def test_az_20_an_invented_session_is_none(world: World, cookie: str) -> None:
    flow = RelyingParty(world).begin(prompt="none")
    async with unharmed(world):
        answer = await ask(world, flow.sent, cookies=f"ostiary-session-enterprise={cookie}")
        is_redirect(answer, flow, "login_required")


async def test_az_21_prompt_none_without_consent(world: World) -> None:
    person = await RelyingParty(world).signed_in()
    other = RelyingParty(world, client_id="other", redirect_uri="https://other.example/cb")
    flow = other.begin(prompt="none")
    async with unharmed(world):
        is_redirect(
            await ask(world, flow.sent, cookies=cookies_of(person)), flow, "consent_required"
        )


async def test_az_22_prompt_none_for_another_person(world: World) -> None:
    rp = RelyingParty(world)
    bobs = (await rp.tokens("bob"))["id_token"]
    person = await rp.signed_in("alice")
    flow = rp.begin(prompt="none", id_token_hint=bobs)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent, cookies=cookies_of(person)), flow, "login_required")


async def test_az_22_another_person_cannot_sign_in_for_the_hint(world: World) -> None:
    rp = RelyingParty(world)
    bobs = (await rp.tokens("bob"))["id_token"]
    person = rp.person()
    codes = rows_of(world, "authorizations")
    await person.open(rp.begin(id_token_hint=bobs).url)
    await go_through(person, "alice")
    assert callback(person)["error"] == "login_required"
    assert rows_of(world, "authorizations") == codes


@pytest.mark.parametrize("request_changes", [{"prompt": "login"}, {"max_age": "0"}])
@pytest.mark.parametrize("jump", ["page", "consent", "login", "select_account", "another"])
async def test_az_23_the_login_step_cannot_be_skipped(
    world: World, request_changes: dict[str, str], jump: str
) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in()
    await person.open(rp.begin(**request_changes).url)
    page = person.page
    csrf = page.forms[0].values["csrf"]
    codes = rows_of(world, "authorizations")
    if jump in ("page", "another"):
        await person.open(page.url + ("?another=1" if jump == "another" else ""))
    else:
        fields = {"csrf": csrf, "decision": "allow", "choice": "continue", "username": "alice"}
        await person.post(f"{page.url}/{jump}", fields)
    assert person.left_to is None
    person.page.form_with("sign-in")
    assert rows_of(world, "authorizations") == codes


async def test_az_24_going_back_gives_no_new_auth_time(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.person().open(rp.begin(prompt="login").url)
    await person.press("sign-in", username="alice")
    old = person.page.form_with("sign-in")
    await person.press("sign-in", username="alice", password=PASSWORD)
    await person.press("allow")
    assert "code" in callback(person)
    world.clock.time += 300
    sessions = contents(world)["sessions"]
    filled = {**old.values, "username": "alice", "password": PASSWORD}
    page = Page(await resubmit(world, person, old.action, filled))
    assert page.heading == "You have already finished signing in"
    assert contents(world)["sessions"] == sessions


async def test_az_24_a_wrong_password_keeps_the_old_auth_time(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in()
    sessions = contents(world)["sessions"]
    world.clock.time += 300
    await person.open(rp.begin(prompt="login").url)
    await person.sign_in("alice", "wrong")
    assert person.page.status == 400
    assert contents(world)["sessions"] == sessions


@pytest.mark.parametrize(
    "max_age",
    ["-1", "1e3", "999999999999999999999", "+1", "1.0", "0x10", "\u0661", "1 ", "NaN", "true"],
)
async def test_az_25_max_age_is_a_number(world: World, max_age: str) -> None:
    flow = RelyingParty(world).begin(max_age=max_age)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


async def test_az_25_max_age_zero_asks_and_empty_does_not(world: World) -> None:
    rp = RelyingParty(world)
    cookies = cookies_of(await rp.signed_in())
    flow = rp.begin(max_age="0", prompt="none")
    is_redirect(await ask(world, flow.sent, cookies=cookies), flow, "login_required")
    for harmless in ("", "9999999999"):
        flow = rp.begin(max_age=harmless, prompt="none")
        assert "code" in returned(await ask(world, flow.sent, cookies=cookies))


async def test_az_25_max_age_counts_from_the_sign_in(world: World) -> None:
    rp = RelyingParty(world)
    cookies = cookies_of(await rp.signed_in())
    world.clock.time += 100
    flow = rp.begin(max_age="100", prompt="none")
    assert "code" in returned(await ask(world, flow.sent, cookies=cookies))
    world.clock.time += 1
    flow = rp.begin(max_age="100", prompt="none")
    is_redirect(await ask(world, flow.sent, cookies=cookies), flow, "login_required")


@pytest.mark.parametrize("max_age", [None, "100000"])
async def test_az_26_a_session_of_the_future_is_none(world: World, max_age: str | None) -> None:
    rp = RelyingParty(world)
    cookies = cookies_of(await rp.signed_in())
    world.clock.time -= HOUR
    flow = rp.begin(max_age=max_age, prompt="none")
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent, cookies=cookies), flow, "login_required")


@pytest.mark.parametrize(
    "extra",
    [
        b"x=%ff",
        b"x=%c0%ae",
        b"x=%",
        b"x=%4",
        b"x=%zz",
        b"%ff=x",
        b"x=\xff",
        b"x=%ed%a0%80",
        b"x=%u0041",
    ],
)
async def test_az_35_broken_encodings(world: World, extra: bytes) -> None:
    flow = RelyingParty(world).begin()
    async with unharmed(world):
        is_page(await ask(world, flow.sent, extra))
        is_page(await post(world, AUTH, encode(flow.sent, extra)))
        is_page(await post(world, AUTH, encode(flow.sent), query=extra))


async def test_az_35_more_parameters_than_anybody_needs(world: World) -> None:
    flow = RelyingParty(world).begin()
    many = b"&".join(b"p%d=1" % number for number in range(5_000))
    async with unharmed(world):
        is_page(await ask(world, flow.sent, many))
        is_page(await ask(world, flow.sent, b"&" * 5_000))


@pytest.mark.parametrize("value", ["eyJhbGciOiJub25lIn0.e30.", "x", "x" * 50_000])
async def test_az_36_request_objects(world: World, value: str) -> None:
    flow = RelyingParty(world).begin(request=value)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "request_not_supported")


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.test/x",
        "http://127.0.0.1:1/",
        "urn:example:request_uri:x",
        "file:///",
    ],
)
async def test_az_37_request_uri_is_never_fetched(
    world: World, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("an outgoing connection")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    flow = RelyingParty(world).begin(request_uri=uri)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "request_uri_not_supported")
    assert world.elsewhere.asked == []


async def test_az_38_registration(world: World) -> None:
    flow = RelyingParty(world).begin(registration="{}")
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "registration_not_supported")


async def test_az_38_hints_that_are_not_ours_for_this_client(world: World) -> None:
    """Refused rather than ignored: whom the client means cannot be known."""
    rp = RelyingParty(world)
    tokens = await rp.tokens()
    foreign = (await RelyingParty(world, issuer=CONSUMER).tokens())["id_token"]
    head, body, signature = tokens["id_token"].split(".")
    other = await RelyingParty(
        world, client_id="other", redirect_uri="https://other.example/cb"
    ).tokens()
    hints = [
        foreign,
        other["id_token"],
        tokens["access_token"],
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"eyJhbGciOiJub25lIn0.{body}.",
        f"{head}.{body}",
        "garbage",
        "é",
        "a" * 50_000,
    ]
    for hint in hints:
        flow = rp.begin(id_token_hint=hint, prompt="none")
        async with unharmed(world):
            is_redirect(await ask(world, flow.sent), flow, "invalid_request")


@pytest.mark.parametrize(
    "method", ["PUT", "DELETE", "TRACE", "PATCH", "OPTIONS", "CONNECT", "get", "X"]
)
async def test_az_39_methods(world: World, method: str) -> None:
    flow = RelyingParty(world).begin()
    async with unharmed(world):
        answer = await send(world, method, AUTH, encode(flow.sent))
        is_page(answer, 405)
        assert answer.headers["allow"] == "GET, POST"


async def test_az_39_no_method_override(world: World) -> None:
    flow = RelyingParty(world).begin(prompt="none")
    async with unharmed(world):
        for header in ("x-http-method-override", "x-http-method", "x-method-override"):
            answer = await send(world, "GET", AUTH, encode(flow.sent), headers=[(header, "DELETE")])
            is_redirect(answer, flow, "login_required")
        answer = await ask(world, flow.sent, b"_method=DELETE")
        is_redirect(answer, flow, "login_required")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        None,
        "",
        "application/x-www-form-urlencodedx",
        FORM + "; charset=utf-7",
        FORM + "; charset=iso-8859-1",
        "é",
    ],
)
async def test_az_40_only_forms(world: World, content_type: str | None) -> None:
    body = encode(RelyingParty(world).begin().sent)
    async with unharmed(world):
        is_page(await post(world, AUTH, body, content_type=content_type))


async def test_az_40_two_content_types_and_compressed_forms(world: World) -> None:
    body = encode(RelyingParty(world).begin().sent)
    async with unharmed(world):
        is_page(await post(world, AUTH, body, headers=[("content-type", FORM)]))
        is_page(await post(world, AUTH, body, headers=[("content-encoding", "gzip")]), 415)


@pytest.mark.parametrize("issuer", [ENTERPRISE, CONSUMER], ids=["enterprise", "consumer"])
@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
async def test_az_41_iss_is_in_every_answer(world: World, issuer: object, mode: str) -> None:
    assert issuer in (ENTERPRISE, CONSUMER)
    chosen = ENTERPRISE if issuer == ENTERPRISE else CONSUMER
    rp = RelyingParty(world, issuer=chosen)
    person = rp.person()
    for changes in ({}, {"prompt": "none x"}):
        await person.open(rp.begin(response_mode=mode, **changes).url)
        if mode == "form_post" and not changes:
            await person.sign_in("alice", PASSWORD)
            await person.press("allow")
        if mode == "form_post":
            assert person.page.forms[0].values["iss"] == chosen.url
        else:
            await go_through(person)
            assert callback(person)["iss"] == chosen.url


async def test_az_42_a_code_of_one_issuer_at_another(world: World) -> None:
    ours, theirs = RelyingParty(world), RelyingParty(world, issuer=CONSUMER)
    flow, answer = await ours.authorize(ours.person())
    async with unharmed(world):
        is_json(await theirs.redeem(flow, answer["code"]), 400, "invalid_grant")
    assert (await ours.redeem(flow, answer["code"])).status_code == 200


async def test_az_42_a_client_of_one_issuer_at_another_on_the_same_host(world: World) -> None:
    second = await add_issuer(
        world, issuer_id="second", url="http://localhost:9400/second", base_path="/second"
    )
    await world.add_client(a_client("only-first", ENTERPRISE))
    rp = RelyingParty(world, issuer=second, client_id="only-first")
    async with unharmed(world):
        is_page(await ask(world, rp.begin().sent, issuer=second))
    first = RelyingParty(world)
    flow, answer = await first.authorize(first.person())
    denied = await RelyingParty(world, issuer=second).redeem(flow, answer["code"])
    is_json(denied, 400, "invalid_grant")


async def test_az_42_a_session_of_one_issuer_at_another_on_the_same_host(world: World) -> None:
    second = await add_issuer(
        world, issuer_id="second", url="http://localhost:9400/second", base_path="/second"
    )
    person = await RelyingParty(world).signed_in()
    await person.open(RelyingParty(world).begin(prompt="consent").url)
    session = person.http.cookies["ostiary-session-enterprise"]
    name = interaction_cookie(person.page.url)
    proof = person.http.cookies[name]
    flow = RelyingParty(world, issuer=second).begin(prompt="none")
    jars = (
        cookies_of(person),
        f"ostiary-session-second={session}",
        f"ostiary-session-second={proof}",
    )
    for jar in jars:
        answer = await ask(world, flow.sent, cookies=jar, issuer=second)
        is_redirect(answer, flow, "login_required", issuer=second)
    page = f"/second/interaction/{name.removeprefix('ostiary-')}"
    for jar in (*jars, f"{name}={proof}; ostiary-session-second={session}", f"{name}={session}"):
        answer = await send(world, "GET", page, headers=[("cookie", jar)], issuer=second)
        is_page(answer)
        assert "alice" not in answer.text


@pytest.mark.parametrize(
    "hint",
    [
        "\"'><script>alert(1)</script>",
        "x" * 100_000,
        "' OR 1=1; DROP TABLE users; --",
        "a\r\nSet-Cookie: x=y",
        "\u202eevil\x1b[31m",
        "{{7*7}}",
    ],
)
async def test_az_43_login_hint_is_text_in_a_field(world: World, hint: str) -> None:
    rp = RelyingParty(world)
    async with unharmed(world, "interactions") as logs:
        person, started = rp.person(), await ask(world, rp.begin(login_hint=hint).sent)
        person.http.cookies.update(started.cookies)
        await person.open(started.headers["location"])
        assert person.page.form_with("sign-in").values["username"] == hint[:256]
        assert "<script>alert" not in person.page.html
        assert not any(hint[:20] in repr(line) for line in logs)


@pytest.mark.parametrize("value", ["../../etc/passwd", " ".join(["en"] * 1_000), "{{7*7}}", "\x1b"])
@pytest.mark.parametrize("name", ["ui_locales", "claims_locales", "display"])
async def test_az_44_locales_choose_no_file(world: World, name: str, value: str) -> None:
    rp = RelyingParty(world)
    person = await rp.person().open(rp.begin(**{name: value}).url)
    assert person.page.status == 200
    assert person.page.heading == "Sign in"


async def test_az_45_the_answer_to_a_form_is_303(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.person().open(rp.begin().url)
    await person.press("sign-in", username="alice")
    answers = []
    for button, fields in (("sign-in", {"password": PASSWORD}), ("allow", {"decision": "allow"})):
        form = person.page.form_with(button)
        answer = await resubmit(
            world, person, form.action, {**form.values, "username": "alice", **fields}
        )
        answers.append(answer)
        person.http.cookies.update(answer.cookies)
        if button == "sign-in":
            await person.open(answer.headers["location"])
    assert "code=" in answers[-1].headers["location"]
    for answer in answers:
        assert answer.status_code == 303
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_az_46_consent_sent_again_gives_no_second_code(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.person().open((flow := rp.begin()).url)
    await person.sign_in("alice", PASSWORD)
    form = person.page.form_with("allow")
    values = {**form.values, "decision": "allow"}
    await person.post(form.action, values)
    code = callback(person)["code"]
    codes = rows_of(world, "authorizations")
    for decision in ("allow", "deny"):
        again = await resubmit(world, person, form.action, {**values, "decision": decision})
        assert Page(again).heading == "You have already finished signing in"
    assert rows_of(world, "authorizations") == codes
    assert (await rp.redeem(flow, code)).status_code == 200


async def test_az_46_consent_sent_twice_at_once_gives_one_code(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.person().open(rp.begin().url)
    await person.sign_in("alice", PASSWORD)
    form = person.page.form_with("allow")
    body = encode({**form.values, "decision": "allow"})
    headers = [("cookie", cookies_of(person))]
    codes = rows_of(world, "authorizations")
    answers = await asyncio.gather(
        *(post(world, form.action, body, headers=headers) for _ in range(20))
    )
    assert sum("location" in answer.headers for answer in answers) == 1
    assert rows_of(world, "authorizations") == codes + 1


# ---- beyond the list ----------------------------------------------------------------------------


CROSS_SITE = ("sec-fetch-site", "cross-site")


@pytest.mark.parametrize("headers", [[], [CROSS_SITE]], ids=["old browser", "cross-site"])
async def test_a_cross_site_post_ends_no_other_tab(
    world: World, headers: list[tuple[str, str]]
) -> None:
    """Browsers send no Lax cookie with a POST from another site."""
    rp = RelyingParty(world)
    person = await rp.person().open(rp.begin().url)
    form = person.page.form_with("sign-in")
    answer = await post(world, AUTH, encode(rp.begin().sent), headers=headers)
    check_answer(answer)
    assert ("set-cookie" in answer.headers) == (not headers)
    for name, value in answer.cookies.items():
        person.http.cookies.delete(name)
        person.http.cookies.set(name, value)
    await person.post(form.action, {**form.values, "username": "alice"})
    assert person.page.status == 200, person.page.text
    assert person.page.heading == "Enter your password"


async def test_a_cross_site_post_comes_again_as_the_same_get(world: World) -> None:
    """So that Lax cookies come along: who is signed in is not asked again."""
    rp = RelyingParty(world)
    person = await rp.signed_in()
    flow = rp.begin(login_hint="a b+c&d=e", nonce="ü", ui_locales="de en")
    body = encode(flow.sent)
    async with unharmed(world):
        answer = await post(world, AUTH, body, headers=[CROSS_SITE])
        check_answer(answer)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{ENTERPRISE.endpoint('auth')}?{body.decode()}"
        assert "set-cookie" not in answer.headers
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["referrer-policy"] == "no-referrer"
    await person.open(answer.headers["location"])
    answered = callback(person)
    assert answered["state"] == flow.state
    tokens = (await rp.redeem(flow, answered["code"])).json()
    assert payload(tokens["id_token"])["nonce"] == "ü"


@pytest.mark.parametrize("site", ["same-site", "same-origin", "none", "Cross-Site", "x"])
async def test_another_post_is_answered_as_it_is(world: World, site: str) -> None:
    flow = RelyingParty(world).begin(prompt="none")
    async with unharmed(world):
        answer = await post(world, AUTH, encode(flow.sent), headers=[("sec-fetch-site", site)])
        is_redirect(answer, flow, "login_required")


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param(b"x=" + b"y" * 6_000, id="too long for an address"),
        pytest.param(b"x=\r\nSet-Cookie: a=b", id="line break"),
        pytest.param(b"x=\x1b\x7f", id="control characters"),
        pytest.param("x=ü".encode(), id="not ASCII"),
    ],
)
async def test_a_cross_site_post_that_no_address_can_hold_is_answered_as_it_is(
    world: World, extra: bytes
) -> None:
    flow = RelyingParty(world).begin(prompt="none")
    async with unharmed(world):
        answer = await post(world, AUTH, encode(flow.sent, extra), headers=[CROSS_SITE])
        is_redirect(answer, flow, "login_required")


async def test_a_cross_site_post_with_a_query_or_without_a_form_is_refused(world: World) -> None:
    flow = RelyingParty(world).begin(prompt="none")
    body = encode(flow.sent)
    async with unharmed(world):
        doubled = await post(world, AUTH, body, headers=[CROSS_SITE], query=b"state=x")
        is_redirect(doubled, flow, "invalid_request", state=None)
        is_page(await post(world, AUTH, b"", headers=[CROSS_SITE]))
        is_page(await post(world, AUTH, b"x=%ff", headers=[CROSS_SITE]))
        is_page(await post(world, AUTH, body, headers=[CROSS_SITE], content_type="text/plain"))


async def test_a_cross_site_post_proves_nothing_by_its_redirect(world: World) -> None:
    """What the GET refuses stays refused, on a page of ours."""
    for changes in ({"redirect_uri": "https://evil.test/cb"}, {"client_id": "nobody"}):
        body = encode(RelyingParty(world).begin(**changes).sent)
        answer = await post(world, AUTH, body, headers=[CROSS_SITE])
        target = urlsplit(answer.headers["location"])
        assert (target.scheme, target.netloc) == ("http", ENTERPRISE.host)
        async with unharmed(world):
            is_page(await send(world, "GET", target.path, target.query.encode()))


FIELDS: dict[str, Callable[[str], str]] = {
    name: (lambda value: value)
    for name in (
        "state",
        "nonce",
        "login_hint",
        "ui_locales",
        "acr_values",
        "id_token_hint",
        "display",
    )
}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(
    "value",
    [
        "\u202e\u2066\ufeff",
        "\U0001d56c\U0001d591",
        "\U0010ffff",
        "a\u0300" * 500,
        "\x0b\x0c\x1c\x85",
    ],
)
async def test_unicode_in_every_field(world: World, name: str, value: str) -> None:
    flow = RelyingParty(world).begin(prompt="none", **{name: value})
    async with unharmed(world):
        answer = await ask(world, flow.sent)
        error = "invalid_request" if name == "id_token_hint" else "login_required"
        is_redirect(answer, flow, error, state=flow.sent["state"])


async def test_a_body_with_get_is_not_read(world: World) -> None:
    flow = RelyingParty(world).begin(prompt="none")
    answer = await send(
        world,
        "GET",
        AUTH,
        encode(flow.sent),
        headers=[("content-type", FORM)],
        body=encode({"redirect_uri": "https://evil.test", "state": "x"}),
    )
    is_redirect(answer, flow, "login_required")


async def test_time_does_not_matter_to_a_refusal(world: World) -> None:
    world.clock.time += 20 * DAY
    flow = RelyingParty(world).begin(prompt="none")
    is_redirect(await ask(world, flow.sent), flow, "login_required")
