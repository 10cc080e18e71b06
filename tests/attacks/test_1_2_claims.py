"""Catalogue section 1.2, AZ-27 to AZ-34: what the claims parameter and acr_values may not do."""

import json

import pytest

from tests.attacks.aftermath import unharmed
from tests.attacks.expected import check_answer, is_redirect
from tests.attacks.wire import ask, cookies_of, encode, path_of, post
from tests.kit.relying_party import RelyingParty, callback, go_through, payload
from tests.kit.world import CONSUMER, ENTERPRISE, World

LEVEL = "urn:ostiary:security-level:"


async def is_refused(world: World, claims: str) -> None:
    """By redirect, with nobody asked and nothing kept."""
    flow = RelyingParty(world).begin(claims=claims)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


@pytest.mark.parametrize("acr_values", [f"{LEVEL}high", f"{LEVEL}restricted x", "0", "é"])
async def test_az_27_never_a_false_acr(world: World, acr_values: str) -> None:
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person(), acr_values=acr_values)
    tokens = (await rp.redeem(flow, answer["code"])).json()
    for token in (tokens["id_token"], tokens["access_token"]):
        assert payload(token)["acr"] == f"{LEVEL}standard"
        assert payload(token)["amr"] == ["pwd"]


@pytest.mark.parametrize(
    "wish",
    [
        {"essential": True, "value": f"{LEVEL}high"},
        {"essential": True, "values": [f"{LEVEL}restricted", "0", 1, True]},
        {"essential": True, "values": [CONSUMER.security_level("standard")]},
    ],
)
async def test_az_27_an_essential_acr_that_is_not_reached_fails(
    world: World, wish: dict[str, object]
) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in()
    flow = rp.begin(claims=json.dumps({"id_token": {"acr": wish}}))
    async with unharmed(world):
        answer = await ask(world, flow.sent, cookies=cookies_of(person))
        is_redirect(answer, flow, "unmet_authentication_requirements")


@pytest.mark.parametrize(
    "claims",
    [
        "no json",
        "{",
        "{'id_token':{}}",
        "[]",
        "null",
        "5",
        '"userinfo"',
        '{"id_token":5}',
        '{"id_token":["email"]}',
        '{"id_token":{"email":7}}',
        '{"id_token":{"email":true}}',
        '{"userinfo":{"email":"please"}}',
        '{"userinfo":{"email":["essential"]}}',
        '{"id_token":{"email":{"essential":"yes"}}}',
        '{"id_token":{"email":{"values":"x"}}}',
        '{"id_token":{"email":{"value":{"x":1}}}}',
        '{"id_token":{}} {}',
    ],
)
async def test_az_28_what_is_no_claims_request(world: World, claims: str) -> None:
    await is_refused(world, claims)


@pytest.mark.parametrize(
    "claims",
    [
        "[" * 5_000,
        '{"a":' * 5_000,
        '{"id_token":{"email":{"other":' + "[" * 5_000 + "]" * 5_000 + "}}}",
    ],
)
async def test_az_29_nested_deep(world: World, claims: str) -> None:
    await is_refused(world, claims)


@pytest.mark.parametrize(
    "claims",
    [
        "x" * 1_000_000,
        json.dumps({"id_token": {"email": {"value": "x" * 1_000_000}}}),
        json.dumps({"id_token": {f"c{number}": None for number in range(100_000)}}),
        json.dumps({"id_token": {f"c{number}": None for number in range(500)}}),
        '{"id_token":{"email":null},"id_token":{}}',
        '{"id_token":{"email":null,"email":{"essential":true}}}',
        '{"id_token":{"sub":{"value":"a","value":"b"}}}',
    ],
    ids=["1 MB", "1 MB of value", "100,000 members", "500 members", "twice", "claim", "value"],
)
async def test_az_30_large_or_ambiguous(world: World, claims: str) -> None:
    await is_refused(world, claims)


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999999", "1" * 5_000, "-" + "9" * 5_000]
)
async def test_az_31_numbers_that_are_none(world: World, number: str) -> None:
    await is_refused(world, f'{{"id_token":{{"email":{{"value":{number}}}}}}}')
    await is_refused(world, f'{{"x":{number}}}')


@pytest.mark.parametrize("text", ["\\ud800", "\\udfff\\ud800", "\\u0000", "a\\u0000b"])
async def test_az_32_texts_that_cannot_be_kept(world: World, text: str) -> None:
    await is_refused(world, f'{{"id_token":{{"email":{{"value":"{text}"}}}}}}')
    await is_refused(world, f'{{"id_token":{{"{text}":null}}}}')
    await is_refused(world, f'{{"{text}":null}}')


@pytest.mark.parametrize("member", ["id_token", "userinfo"])
@pytest.mark.parametrize(
    "wish",
    [
        {"value": "enterprise-bob-id"},
        {"values": ["enterprise-bob-id", "enterprise-harry-id"]},
        {"essential": True, "value": "enterprise-bob-id"},
        {"value": "nobody"},
        {"value": 5},
        {"value": ""},
        {"value": False},
    ],
)
async def test_az_33_never_a_token_of_another_person(
    world: World, member: str, wish: dict[str, object]
) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in("alice")
    claims = json.dumps({member: {"sub": wish}})
    silent = rp.begin(claims=claims, prompt="none")
    async with unharmed(world):
        answer = await ask(world, silent.sent, cookies=cookies_of(person))
        is_redirect(answer, silent, "login_required")
    flow = rp.begin(claims=claims)
    await person.open(flow.url)
    person.page.form_with("sign-in")
    await go_through(person, "alice")
    answered = callback(person)
    assert answered["error"] == "login_required"
    assert "code" not in answered


async def test_az_33_a_wanted_subject_may_be_the_one_who_is_there(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in("alice")
    claims = '{"id_token":{"sub":{"value":"enterprise-alice-id"}}}'
    flow = rp.begin(claims=claims, prompt="none")
    await person.open(flow.url)
    tokens = (await rp.redeem(flow, callback(person)["code"])).json()
    assert payload(tokens["id_token"])["sub"] == "enterprise-alice-id"


NAMES = ["constructor", "__proto__", "__class__", "__init__", "toString", "sub ", "../sub", "é", ""]
PROTOCOL = ["iss", "aud", "exp", "iat", "jti", "nonce", "sid", "at_hash", "amr", "client_id"]


@pytest.mark.parametrize("issuer", [ENTERPRISE, CONSUMER], ids=lambda issuer: issuer.issuer_id)
async def test_az_34_names_that_mean_nothing_have_no_effect(world: World, issuer: object) -> None:
    rp = RelyingParty(world, issuer)  # type: ignore[arg-type]
    plain = await rp.tokens(scope="openid")
    wishes = dict.fromkeys(NAMES) | {name: {"value": "mine"} for name in PROTOCOL}
    claims = json.dumps({"id_token": wishes, "userinfo": wishes, "__proto__": wishes})
    flow, answer = await rp.authorize(rp.person(), scope="openid", claims=claims)
    tokens = (await rp.redeem(flow, answer["code"])).json()
    assert payload(tokens["id_token"]).keys() == payload(plain["id_token"]).keys()
    assert "mine" not in payload(tokens["id_token"]).values()
    members = (await rp.userinfo(tokens["access_token"])).json()
    assert members == (await rp.userinfo(plain["access_token"])).json()
    kept = await world.store.database.read_all("SELECT claims_request FROM authorizations", {})
    assert [row["claims_request"] for row in kept] == [None, None]


async def test_claims_in_a_body_are_as_strict(world: World) -> None:
    flow = RelyingParty(world).begin(claims='{"id_token":5}')
    async with unharmed(world):
        answer = await post(world, path_of(ENTERPRISE, "auth"), encode(flow.sent))
        is_redirect(answer, flow, "invalid_request")


async def test_claims_twice_are_refused(world: World) -> None:
    flow = RelyingParty(world).begin(claims="{}")
    async with unharmed(world):
        answer = await ask(world, flow.sent, encode({"claims": "{}"}))
        is_redirect(answer, flow, "invalid_request")


async def test_the_consent_page_shows_no_name_that_a_client_has_made_up(world: World) -> None:
    rp = RelyingParty(world, CONSUMER)
    hostile = "<script>alert(1)</script>"
    claims = {"userinfo": dict.fromkeys([hostile, "https://api.banno.com/consumer/claim/made_up"])}
    person = await rp.person().open(rp.begin(scope="openid", claims=json.dumps(claims)).url)
    await person.sign_in("alice", "correct horse battery staple")
    person.page.form_with("allow")
    assert "alert" not in person.page.html
    assert "made" not in person.page.text.lower()
    check_answer(await person.http.get(person.page.url))
