"""Signing in without JavaScript, over real HTTP, on both issuers: the whole flow and its turnings."""

import re
import time
from typing import Any

import httpx2
import pytest

from tests.flows.application import (
    PASSWORD,
    Application,
    demo_application,
    go_through,
    half_hash,
    question,
)
from tests.flows.conftest import NewBrowser
from tests.flows.dev_server import DevServer
from tests.flows.newcomers import add_newcomer

pytestmark = pytest.mark.both_engines

ISSUERS = ("enterprise", "consumer")
OFFLINE = "openid profile email offline_access"

CLIENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "web-basic": ("demo-web", {"basic": True}),
    "web-post": ("demo-web", {}),
    "spa": ("demo-spa", {}),
    "native": ("demo-native", {"redirect_uri": "http://127.0.0.1:51004/callback"}),
}


@pytest.fixture(params=ISSUERS)
def issuer(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def web(http: httpx2.AsyncClient, server: DevServer, issuer: str) -> Application:
    return await demo_application(http, server, issuer, "demo-web")


@pytest.fixture
async def username(server: DevServer, issuer: str) -> str:
    """Somebody who has agreed to nothing yet."""
    return await add_newcomer(server, issuer)


@pytest.mark.parametrize("client", CLIENTS)
async def test_the_whole_flow(
    http: httpx2.AsyncClient,
    server: DevServer,
    new_browser: NewBrowser,
    issuer: str,
    username: str,
    client: str,
) -> None:
    client_id, changes = CLIENTS[client]
    app = await demo_application(http, server, issuer, client_id, **changes)
    person = new_browser(app.metadata["issuer"])
    request = app.begin(OFFLINE)

    assert await go_through(await person.open(request.url), username) == ["sign-in", "allow"]
    response = app.answer(request, person)
    assert set(response) == {"code"}

    answer = await app.redeem(request, response["code"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert tokens["token_type"] == "Bearer"
    assert set(tokens["scope"].split()) == set(OFFLINE.split())

    claims = await app.verify(tokens["id_token"])
    assert claims["nonce"] == request.nonce
    assert claims["at_hash"] == half_hash(tokens["access_token"])
    assert claims["iat"] <= time.time()

    user = (await app.userinfo(tokens["access_token"])).json()
    assert user["sub"] == claims["sub"]
    assert user["email"] == f"{username}@example.com"

    refreshed = (await app.refresh(tokens["refresh_token"])).json()
    assert (await app.verify(refreshed["id_token"]))["sub"] == claims["sub"]


@pytest.mark.parametrize("username", ["alice", "bob", "carol"])
async def test_every_demo_user_signs_in(
    web: Application, new_browser: NewBrowser, username: str
) -> None:
    person = new_browser(web.metadata["issuer"])
    request = web.begin("openid")
    await go_through(await person.open(request.url), username)
    assert "code" in web.answer(request, person)


async def test_deny(web: Application, new_browser: NewBrowser, username: str) -> None:
    person = new_browser(web.metadata["issuer"])
    request = web.begin()
    await go_through(await person.open(request.url), username, decision="deny")
    response = web.answer(request, person)
    assert response["error"] == "access_denied"
    assert "code" not in response

    # Nothing was remembered: the same question stands the next time.
    again = web.begin()
    await person.open(again.url)
    assert question(person) == "allow"


async def test_a_wrong_password_and_an_unknown_name_read_alike(
    web: Application, new_browser: NewBrowser, username: str
) -> None:
    texts = []
    for name in (username, "nobody-knows-me"):
        person = new_browser(web.metadata["issuer"])
        request = web.begin()
        await person.open(request.url)
        await person.sign_in(name, "not the password")
        assert person.page.status == 400
        assert question(person) == "sign-in"
        texts.append(person.page.text.replace(name, "NAME"))
    assert texts[0] == texts[1]
    assert "not right" in texts[0]


async def test_after_a_wrong_password_the_right_one_still_counts(
    web: Application, new_browser: NewBrowser, username: str
) -> None:
    person = new_browser(web.metadata["issuer"])
    request = web.begin()
    await person.open(request.url)
    await person.sign_in(username, "not the password")
    await person.press("sign-in", username=username, password=PASSWORD)
    await person.press("allow")
    assert "code" in web.answer(request, person)


async def test_consent_is_remembered_and_only_what_was_agreed_to(
    web: Application, new_browser: NewBrowser, username: str
) -> None:
    person = new_browser(web.metadata["issuer"])
    await web.tokens(person, "openid email", username)

    same = web.begin("openid email")
    assert await go_through(await person.open(same.url)) == []
    assert "code" in web.answer(same, person)

    less = web.begin("openid")
    assert await go_through(await person.open(less.url)) == []

    more = web.begin("openid email phone")
    assert await go_through(await person.open(more.url)) == ["allow"]


async def test_consent_to_one_client_says_nothing_of_another(
    http: httpx2.AsyncClient,
    server: DevServer,
    web: Application,
    new_browser: NewBrowser,
    issuer: str,
    username: str,
) -> None:
    person = new_browser(web.metadata["issuer"])
    await web.tokens(person, username=username)
    spa = await demo_application(http, server, issuer, "demo-spa")
    assert await go_through(await person.open(spa.begin().url)) == ["allow"]


async def test_a_public_native_client_asks_each_time(
    http: httpx2.AsyncClient, server: DevServer, new_browser: NewBrowser, issuer: str
) -> None:
    native = await demo_application(http, server, issuer, "demo-native")
    person = new_browser(native.metadata["issuer"])
    await native.tokens(person)
    assert await go_through(await person.open(native.begin().url)) == ["allow"]
    await person.open(native.begin(prompt="none").url)
    assert person.left_to is not None
    assert "error=consent_required" in person.left_to


# who is there when the request comes: nobody, somebody, somebody who has agreed before
NOBODY, SIGNED_IN, AGREED = "nobody", "signed in", "agreed"

PROMPTS: tuple[tuple[str, str, list[str] | str], ...] = (
    # prompt, who is there, what is asked in order; or the error
    ("none", NOBODY, "login_required"),
    ("none", SIGNED_IN, "consent_required"),
    ("none", AGREED, []),
    ("login", NOBODY, ["sign-in", "allow"]),
    ("login", AGREED, ["sign-in"]),
    ("consent", NOBODY, ["sign-in", "allow"]),
    ("consent", AGREED, ["allow"]),
    ("select_account", NOBODY, ["sign-in", "allow"]),
    ("select_account", SIGNED_IN, ["continue", "allow"]),
    ("select_account", AGREED, ["continue"]),
    ("login consent", AGREED, ["sign-in", "allow"]),
    ("select_account consent", AGREED, ["continue", "allow"]),
    ("select_account login", AGREED, ["continue", "sign-in"]),
    ("none login", AGREED, "invalid_request"),
    ("none select_account", NOBODY, "invalid_request"),
    ("sometimes", AGREED, "invalid_request"),
)


@pytest.mark.parametrize(("prompt", "who", "expected"), PROMPTS)
async def test_prompt(
    web: Application,
    new_browser: NewBrowser,
    prompt: str,
    who: str,
    username: str,
    expected: list[str] | str,
) -> None:
    person = new_browser(web.metadata["issuer"])
    if who == SIGNED_IN:
        refused = web.begin("openid")
        await go_through(await person.open(refused.url), username, decision="deny")
    elif who == AGREED:
        await web.tokens(person, "openid", username)
    request = web.begin("openid", prompt=prompt)
    asked = await go_through(await person.open(request.url), username)
    response = web.answer(request, person)
    if isinstance(expected, str):
        assert (asked, response["error"]) == ([], expected)
    else:
        assert asked == expected
        assert "code" in response


async def test_select_account_changes_the_account(
    web: Application, new_browser: NewBrowser
) -> None:
    person = new_browser(web.metadata["issuer"])
    alice = await web.verify((await web.tokens(person, "openid"))["id_token"])
    request = web.begin("openid", prompt="select_account")
    await person.open(request.url)
    await person.press("use-another")
    assert "sign-in" in await go_through(person, "bob")
    answer = await web.redeem(request, web.answer(request, person)["code"])
    bob = await web.verify(answer.json()["id_token"])
    assert bob["sub"] != alice["sub"]


async def test_max_age_asks_again_and_tells_when(web: Application, new_browser: NewBrowser) -> None:
    person = new_browser(web.metadata["issuer"])
    await web.tokens(person, "openid")
    request = web.begin("openid", max_age="0")
    assert await go_through(await person.open(request.url)) == ["sign-in"]
    answer = await web.redeem(request, web.answer(request, person)["code"])
    assert abs((await web.verify(answer.json()["id_token"]))["auth_time"] - time.time()) < 30


async def test_refresh_tokens_rotate_and_an_old_one_ends_everything(
    web: Application, new_browser: NewBrowser
) -> None:
    first = await web.tokens(new_browser(web.metadata["issuer"]), OFFLINE)
    second = (await web.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]

    # The answer was lost, and the client asks again: it gets the same successor.
    repeated = (await web.refresh(first["refresh_token"])).json()
    assert repeated["refresh_token"] == second["refresh_token"]

    third = (await web.refresh(second["refresh_token"])).json()
    assert (await web.userinfo(third["access_token"])).status_code == 200

    reused = await web.refresh(first["refresh_token"])
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    assert (await web.refresh(third["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await web.userinfo(third["access_token"])).status_code == 401


async def test_a_code_is_good_once_and_a_replay_ends_what_it_gave(
    web: Application, new_browser: NewBrowser
) -> None:
    person = new_browser(web.metadata["issuer"])
    request = web.begin(OFFLINE)
    await go_through(await person.open(request.url))
    code = web.answer(request, person)["code"]
    tokens = (await web.redeem(request, code)).json()
    replay = await web.redeem(request, code)
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
    assert (await web.userinfo(tokens["access_token"])).status_code == 401
    assert (await web.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("basic", [True, False])
async def test_client_credentials(
    http: httpx2.AsyncClient, server: DevServer, issuer: str, basic: bool
) -> None:
    app = await demo_application(http, server, issuer, "demo-web", basic=basic)
    answer = await app.token(grant_type="client_credentials")
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert tokens["token_type"] == "Bearer"
    assert not {"id_token", "refresh_token"} & set(tokens)
    # There is no user behind it, so nobody to tell of.
    assert (await app.userinfo(tokens["access_token"])).status_code == 403


async def test_client_credentials_are_not_for_public_clients(
    http: httpx2.AsyncClient, server: DevServer, issuer: str
) -> None:
    spa = await demo_application(http, server, issuer, "demo-spa")
    answer = await spa.token(grant_type="client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


async def test_sign_out(web: Application, new_browser: NewBrowser) -> None:
    person = new_browser(web.metadata["issuer"])
    await web.tokens(person)
    logout = web.metadata["end_session_endpoint"]

    await person.open(logout)
    assert "sign-out" in {button for form in person.page.forms for button in form.buttons}
    silent = web.begin(prompt="none")
    await person.open(silent.url)
    assert "code" in web.answer(silent, person), "the question alone signs nobody out"

    copy = new_browser(web.metadata["issuer"])
    copy.http.cookies.update(person.http.cookies)
    await person.open(logout)
    await person.press("sign-out")
    assert person.page.heading == "You have signed out"
    for browser in (person, copy):  # the session has ended, not only its cookie
        after = web.begin(prompt="none")
        await browser.open(after.url)
        assert web.answer(after, browser)["error"] == "login_required"


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("client_id", "nobody"),
        ("redirect_uri", "http://localhost:8080/auth/cb/"),
        ("client_id", ""),
    ],
)
async def test_before_the_return_address_is_proved_an_error_is_a_page(
    web: Application, new_browser: NewBrowser, parameter: str, value: str
) -> None:
    person = new_browser(web.metadata["issuer"])
    await person.open(web.begin(**{parameter: value}).url)
    assert person.left_to is None
    assert person.page.status == 400
    assert person.page.heading
    assert re.search(r"\bR-[0-9A-Z]{4}-[0-9A-Z]{4}\b", person.page.text)


async def test_two_tabs_at_once(web: Application, new_browser: NewBrowser) -> None:
    person = new_browser(web.metadata["issuer"])
    one, two = web.begin("openid"), web.begin("openid email")
    await person.open(one.url)
    first_tab = person.page.url
    await go_through(await person.open(two.url))
    assert "code" in web.answer(two, person)
    # The other tab goes on where it is: signed in by now, and asking for less.
    assert await go_through(await person.open(first_tab)) == []
    assert "code" in web.answer(one, person)
