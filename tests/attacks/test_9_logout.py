"""Catalogue section 9: the logout endpoint."""

import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx2
import pytest

from ostiary.domain.client import RefreshTokens
from ostiary.domain.signing_keys import KeyState, states
from ostiary.management.keys import rotate
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.logout_token import LOGOUT_TOKEN_TYPE
from ostiary.provider.authorization.locate import MAX_STATE_LENGTH
from tests.attacks.aftermath import unharmed
from tests.attacks.expected import check_answer, check_page_headers, is_json, is_page
from tests.attacks.operating import add_issuer, change_client, remove_client
from tests.attacks.signing import segment, sign_as_issuer, sign_as_stranger, sign_with_secret
from tests.attacks.wire import cookies_of, encode, path_of, post, resubmit, send
from tests.kit.leaving import is_signed_in, logout_url, signed_in_with_tokens
from tests.kit.person import Page, Person
from tests.kit.relying_party import RelyingParty, header, payload
from tests.kit.world import ENTERPRISE, MASTER_KEY, World

LOGOUT = path_of(ENTERPRISE, "logout")
RETURN = "https://rp.example/cb"


async def visit(
    world: World, person: Person | None, parameters: dict[str, str | None], extra: bytes = b""
) -> httpx2.Response:
    cookies = [("cookie", cookies_of(person))] if person else []
    return await send(world, "GET", LOGOUT, encode(parameters, extra), headers=cookies)


async def here(world: World) -> tuple[RelyingParty, Person, dict[str, str]]:
    rp = RelyingParty(world)
    person, tokens = await signed_in_with_tokens(rp)
    return rp, person, tokens


def claims_of(token: str) -> dict[str, Any]:
    """To be changed, and signed anew."""
    return payload(token)


def is_question(answer: httpx2.Response) -> Page:
    check_answer(answer)
    assert answer.status_code == 200
    check_page_headers(answer)
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    page = Page(answer)
    assert page.heading.startswith("Do you want to sign out of")
    return page


ADDRESSES = [
    pytest.param("https://evil.test/", id="LO-01 unregistered"),
    pytest.param(f"{RETURN}?next=https://evil.test", id="LO-01 with a query added"),
    pytest.param(f"{RETURN}#x", id="LO-01 with a fragment"),
    pytest.param("https://rp.example.evil.test/cb", id="LO-01 longer host"),
    pytest.param("https://rp.example@evil.test/cb", id="LO-01 user name"),
    pytest.param("https://other.example/cb", id="LO-01 of another client"),
    pytest.param("javascript:alert(1)", id="LO-02 script"),
    pytest.param("data:text/html,<script>alert(1)</script>", id="LO-02 data"),
    pytest.param("//evil.test/cb", id="LO-02 without a scheme"),
    pytest.param("/\\evil.test", id="LO-02 backslash"),
    pytest.param('"><script>alert(1)</script>', id="LO-02 markup"),
    pytest.param("https://rp.example/cb\r\nset-cookie: x=y", id="LO-02 header"),
]


@pytest.mark.parametrize("uri", ADDRESSES)
async def test_lo_01_lo_02_no_address_but_a_registered_one(world: World, uri: str) -> None:
    rp, person, tokens = await here(world)
    named: list[dict[str, str | None]] = [
        {"client_id": "web"},
        {"id_token_hint": tokens["id_token"]},
    ]
    async with unharmed(world):
        for who in (person, None):
            for by in named:
                answer = await visit(world, who, {**by, "post_logout_redirect_uri": uri})
                is_page(answer, 400)
                assert "<script>alert" not in answer.text
                assert 'href="javascript' not in answer.text
                assert 'href="data' not in answer.text
    assert await is_signed_in(rp, person)


@pytest.mark.parametrize("uri", ADDRESSES)
async def test_lo_02_a_forged_answer_to_the_question_goes_nowhere_either(
    world: World, uri: str
) -> None:
    """The form's fields are checked again, whoever has filled them in."""
    rp, person, _ = await here(world)
    await person.open(logout_url(rp, client_id="web", post_logout_redirect_uri=RETURN))
    form = person.page.form_with("sign-out")
    values = {**form.values, "post_logout_redirect_uri": uri, "choice": "sign-out"}
    is_page(await resubmit(world, person, form.action, values), 400)
    assert await is_signed_in(rp, person)


async def hints(world: World, token: str) -> dict[str, str]:
    claims, head = claims_of(token), header(token)
    _, _, signature = token.rpartition(".")
    plain, kid = segment(claims), str(head["kid"])
    other = await add_issuer(world, issuer_id="other", url="http://localhost:9401")
    return {
        "unsigned": f"{segment({'alg': 'none'})}.{plain}.",
        "none, signed": f"{segment({'alg': 'none', 'kid': kid})}.{plain}.{signature}",
        "changed": f"{token.partition('.')[0]}.{segment({**claims, 'sub': 'x'})}.{signature}",
        "of a stranger": sign_as_stranger(claims, kid),
        "by a public key": sign_with_secret({"alg": "HS256", "kid": kid}, claims, b"public"),
        "of another issuer": await sign_as_issuer(
            world, {**claims, "iss": other.url}, None, issuer=other
        ),
        "for another issuer": await sign_as_issuer(world, {**claims, "iss": other.url}, None),
        "garbage": "x.y.z",
        "no token": "hello",
        "markup": "<script>alert(1)</script>",
        "1 MB": "x" * 1_000_000,
    }


async def test_lo_03_hints_that_are_not_ours(world: World) -> None:
    rp, person, tokens = await here(world)
    for name, hint in (await hints(world, tokens["id_token"])).items():
        async with unharmed(world):
            for by in ({"id_token_hint": hint}, {"id_token_hint": hint, "client_id": "web"}):
                answer = await visit(world, person, {**by, "post_logout_redirect_uri": RETURN})
                is_page(answer, 400)
                assert "<script>alert" not in answer.text, name
    assert await is_signed_in(rp, person)


async def test_lo_04_an_expired_hint_of_the_current_session_is_good(world: World) -> None:
    rp, person, tokens = await here(world)
    for _ in range(2):
        world.clock.time += 3000
        assert await is_signed_in(rp, person)
    assert int(str(payload(tokens["id_token"])["exp"])) < world.clock.time
    hint = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": RETURN}
    answer = await visit(world, person, {**hint})
    assert (answer.status_code, answer.headers["location"]) == (303, RETURN)
    assert not await is_signed_in(rp, person)


async def test_lo_05_a_hint_of_somebody_else_signs_nobody_out(world: World) -> None:
    rp, person, _ = await here(world)
    _, of_bob = await signed_in_with_tokens(rp, "bob")
    async with unharmed(world):
        answer = await visit(
            world,
            person,
            {"id_token_hint": of_bob["id_token"], "post_logout_redirect_uri": RETURN},
        )
        page = is_question(answer)
    assert "alice" in page.text
    assert "bob" not in page.text
    assert await is_signed_in(rp, person)


async def test_lo_05_a_sid_alone_or_a_sub_alone_is_not_enough(world: World) -> None:
    """Even signed by us: both have to be those of this session."""
    rp, person, tokens = await here(world)
    _, of_bob = await signed_in_with_tokens(rp, "bob")
    mine, his = claims_of(tokens["id_token"]), claims_of(of_bob["id_token"])
    for mixed in ({**mine, "sub": his["sub"]}, {**mine, "sid": his["sid"]}):
        token = await sign_as_issuer(world, mixed, None, Algorithm.RS256)
        is_question(await visit(world, person, {"id_token_hint": token}))
    assert await is_signed_in(rp, person)


async def test_lo_06_client_and_hint_have_to_agree(world: World) -> None:
    rp, person, tokens = await here(world)
    claims = claims_of(tokens["id_token"])
    audiences: tuple[Any, ...] = (["web"], ["web", "other"], [], None, 7, {"web": 1})
    forged = [
        await sign_as_issuer(world, {**claims, "aud": each}, None, Algorithm.RS256)
        for each in audiences
    ]
    cases: list[dict[str, str | None]] = [
        {"client_id": "other", "id_token_hint": tokens["id_token"]},
        {"client_id": "WEB", "id_token_hint": tokens["id_token"]},
    ]
    for token in forged:
        cases += [{"client_id": "web", "id_token_hint": token}, {"id_token_hint": token}]
    for case in cases:
        async with unharmed(world):
            for uri in (RETURN, "https://other.example/cb"):
                is_page(await visit(world, person, {**case, "post_logout_redirect_uri": uri}), 400)
    assert await is_signed_in(rp, person)


async def test_lo_07_an_address_without_a_client_is_not_gone_to(world: World) -> None:
    rp, person, _ = await here(world)
    asked: dict[str, str | None] = {"post_logout_redirect_uri": RETURN, "state": "s"}
    async with unharmed(world):
        is_question(await visit(world, person, asked))
        gone = await visit(world, None, asked)
        check_answer(gone)
        assert gone.status_code == 200
        assert "location" not in gone.headers
    await person.open(logout_url(rp, post_logout_redirect_uri=RETURN))
    await person.press("sign-out")
    assert person.left_to is None


async def test_lo_08_a_visit_that_somebody_else_arranged_ends_nothing(world: World) -> None:
    """A link is followed with cookies, a picture without; neither signs anybody out."""
    rp, person, _ = await here(world)
    async with unharmed(world):
        for asked in ({}, {"client_id": "web"}, {"logout_hint": "alice"}):
            is_question(await visit(world, person, {**asked}))
        picture = await visit(world, None, {})
        assert "set-cookie" not in picture.headers, "the cookie is not taken away"
    assert await is_signed_in(rp, person)


async def test_lo_08_a_form_of_another_site_takes_no_cookie_away(world: World) -> None:
    """It comes without our cookies, and a browser would take the deletion of one."""
    rp, person, _ = await here(world)
    cross: list[tuple[str, str]] = [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.test"),
    ]
    async with unharmed(world):
        for body in (b"", b"choice=sign-out", b"choice=sign-out&csrf=x", b"client_id=web"):
            answer = await post(world, LOGOUT, body, headers=cross)
            check_answer(answer)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith(ENTERPRISE.endpoint("logout"))
            assert "set-cookie" not in answer.headers
    assert await is_signed_in(rp, person)


async def test_lo_09_the_question_is_answered_on_our_page_alone(world: World) -> None:
    rp, person, _ = await here(world)
    await person.open(logout_url(rp))
    form = person.page.form_with("sign-out")
    stranger, _ = await signed_in_with_tokens(rp, "bob")
    await stranger.open(logout_url(rp))
    foreign = stranger.page.form_with("sign-out").values["csrf"]
    for csrf in (None, "", "x", foreign):
        async with unharmed(world):
            values = {**form.values, "csrf": csrf, "choice": "sign-out"}
            is_page(await resubmit(world, person, form.action, values), 403)
    async with unharmed(world):
        cross = [("sec-fetch-site", "cross-site")]
        values = {**form.values, "choice": "sign-out"}
        is_page(await resubmit(world, person, form.action, values, headers=cross), 403)
    assert await is_signed_in(rp, person)


@pytest.mark.parametrize(
    "state",
    [
        "a\r\nset-cookie: x=y",
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "&client_id=evil&state=other",
        "#fragment",
        "\u2028 \U0001f600 é%0d%0a",
        "x" * MAX_STATE_LENGTH,
    ],
)
async def test_lo_10_state_is_echoed_once_and_encoded(world: World, state: str) -> None:
    rp, person, tokens = await here(world)
    asked: dict[str, str | None] = {"post_logout_redirect_uri": RETURN, "state": state}
    await person.open(logout_url(rp, client_id="web", post_logout_redirect_uri=RETURN, state=state))
    await person.press("stay")
    assert person.left_to == f"{RETURN}?state={quote(state, safe='')}"
    answer = await visit(world, person, {**asked, "id_token_hint": tokens["id_token"]})
    check_answer(answer)
    location = answer.headers["location"]
    assert location == f"{RETURN}?state={quote(state, safe='')}"
    assert parse_qsl(urlsplit(location).query) == [("state", state)]
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text


@pytest.mark.parametrize(
    ("state", "extra"),
    [
        pytest.param("x" * (MAX_STATE_LENGTH + 1), b"", id="too long"),
        pytest.param("x" * 65_536, b"", id="64 kB"),
        pytest.param("one", b"state=two", id="twice"),
        pytest.param(None, b"state=%00", id="NUL"),
        pytest.param(None, b"state=%ff", id="no UTF-8"),
    ],
)
async def test_lo_10_absurd_states_are_refused(
    world: World, state: str | None, extra: bytes
) -> None:
    rp, person, tokens = await here(world)
    asked: dict[str, str | None] = {
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": RETURN,
        "state": state,
    }
    async with unharmed(world):
        is_page(await visit(world, person, asked, extra), 400)
    assert await is_signed_in(rp, person)


async def test_lo_11_no_other_token_is_a_hint(world: World) -> None:
    rp, person, tokens = await here(world)
    claims = claims_of(tokens["id_token"])
    access = claims_of(tokens["access_token"])
    events: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    others = [
        tokens["access_token"],
        await sign_as_issuer(world, {**access, "aud": "web", "sid": claims["sid"]}),
        await sign_as_issuer(world, {**claims, "events": events}, LOGOUT_TOKEN_TYPE),
        await sign_as_issuer(world, claims, "token-introspection+jwt"),
        await sign_as_issuer(world, claims, "JWT"),
        # What userinfo signs has no session.
        await sign_as_issuer(
            world, {name: value for name, value in claims.items() if name != "sid"}, None
        ),
    ]
    for hint in others:
        async with unharmed(world):
            is_page(await visit(world, person, {"id_token_hint": hint}), 400)
    assert await is_signed_in(rp, person)


async def test_lo_12_nothing_of_the_session_is_left(world: World) -> None:
    await change_client(world, "web", refresh_tokens=RefreshTokens.ALWAYS)
    rp, person, tokens = await here(world)
    assert tokens["refresh_token"]
    before = cookies_of(person)
    await person.open(logout_url(rp, id_token_hint=tokens["id_token"]))
    assert person.page.heading == "You have signed out"
    assert not await is_signed_in(rp, person)
    copied = rp.person()
    copied.http.headers["cookie"] = before
    assert not await is_signed_in(rp, copied)
    is_json(await rp.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    assert (await rp.userinfo(tokens["access_token"])).status_code == 401
    again = await visit(world, copied, {"id_token_hint": tokens["id_token"]})
    check_answer(again)
    assert Page(again).heading == "You have signed out"


async def test_lo_13_the_hint_is_in_no_log_no_record_and_no_page(world: World) -> None:
    rp, person, tokens = await here(world)
    hint = tokens["id_token"]
    damaged = hint[:-4] + "AAAA"
    asked: dict[str, str | None] = {"post_logout_redirect_uri": "https://evil.test/"}
    async with unharmed(world) as logs:
        answers = [
            await visit(world, person, {"id_token_hint": damaged}),
            await visit(world, person, {**asked, "id_token_hint": hint}),
            await visit(world, person, {"id_token_hint": hint, "client_id": "other"}),
        ]
    elsewhere = rp.person()
    await rp.authorize(elsewhere)
    answers.append(await visit(world, elsewhere, {"id_token_hint": hint}))
    signature = hint.rpartition(".")[2]
    records = await world.store.database.read_all(
        "SELECT * FROM refusals WHERE endpoint = 'pages'", {}
    )
    assert len(records) == 3
    for secret in (signature[:-4], hint.split(".")[1]):
        assert secret not in json.dumps([str(line) for line in logs])
        assert not [row for row in records if secret in f"{row['expected']!r} {row['received']!r}"]
        assert not [each for each in answers if secret in each.text]
    for answer in answers:
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_lo_14_a_hint_whose_key_has_left_the_jwks_is_verified_all_the_same(
    world: World,
) -> None:
    """From the archive of public keys; and a forgery under the retired name is still one."""
    rp, person, tokens = await here(world)
    issuer_id = ENTERPRISE.issuer_id
    retired = header(tokens["id_token"])["kid"]
    await rotate(world.store, MASTER_KEY, ENTERPRISE, list(Algorithm), world.clock.time, 3600)
    world.clock.time += 4 * 86_400
    keys = await world.store.keys.signing_keys(issuer_id)
    assert states(keys, world.clock.time)[str(retired)] is KeyState.GONE
    here_again, _ = await signed_in_with_tokens(rp)
    async with unharmed(world):
        is_question(await visit(world, here_again, {"id_token_hint": tokens["id_token"]}))
        forged = sign_as_stranger(claims_of(tokens["id_token"]), str(retired))
        is_page(await visit(world, here_again, {"id_token_hint": forged}), 400)
    assert person.left_to


async def test_lo_06_a_client_that_is_gone_sends_nobody_anywhere(world: World) -> None:
    rp, person, tokens = await here(world)
    asked: dict[str, str | None] = {
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": RETURN,
    }
    await change_client(world, "web", disabled_at=world.clock.time)
    is_page(await visit(world, person, asked), 400)
    await remove_client(world, "web")
    is_page(await visit(world, person, asked), 400)
    assert rp.client_id == "web"
