"""Catalogue section 7: userinfo."""

import json
from base64 import urlsafe_b64encode

import pytest

from ostiary.domain.client import SubjectType
from ostiary.domain.user import Membership
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.sqlite import SqliteDatabase
from tests.attacks.aftermath import unharmed
from tests.attacks.expected import check_answer, is_challenge
from tests.attacks.operating import change_client, disable, remove_memberships, remove_user
from tests.attacks.signing import segment, sign_as_issuer, sign_as_stranger, sign_with_secret
from tests.attacks.wire import encode, path_of, post, send
from tests.kit.relying_party import RelyingParty, header, payload
from tests.kit.world import (
    ALICE_CLAIMS,
    CONSUMER,
    ENTERPRISE,
    GARDEN,
    START,
    World,
    a_client,
    an_event,
)

ME = path_of(ENTERPRISE, "me")


def bearer(token: str, scheme: str = "Bearer") -> list[tuple[str, str]]:
    return [("authorization", f"{scheme} {token}")]


@pytest.mark.parametrize(
    "headers",
    [[], [("authorization", "Basic d2ViOng=")], [("authorization", "x")], [("authorization", "")]],
)
async def test_us_01_no_token(world: World, headers: list[tuple[str, str]]) -> None:
    async with unharmed(world):
        is_challenge(await send(world, "GET", ME, headers=headers), 401, None)
        is_challenge(await post(world, ME, b"", headers=headers), 401, None)


async def test_us_02_a_token_in_the_query(world: World) -> None:
    token = (await RelyingParty(world).tokens())["access_token"]
    query = encode({"access_token": token})
    async with unharmed(world) as logs:
        is_challenge(await send(world, "GET", ME, query), 400, "invalid_request")
        is_challenge(
            await send(world, "GET", ME, query, headers=bearer(token)), 400, "invalid_request"
        )
        is_challenge(await post(world, ME, query, query=query), 400, "invalid_request")
    assert not any(token[-20:] in repr(line) for line in logs)


async def test_us_03_two_tokens(world: World) -> None:
    token = (await RelyingParty(world).tokens())["access_token"]
    body = encode({"access_token": token})
    async with unharmed(world):
        is_challenge(await post(world, ME, body, headers=bearer(token)), 400, "invalid_request")
        twice = [*bearer(token), *bearer(token)]
        is_challenge(await send(world, "GET", ME, headers=twice), 400, "invalid_request")
        mixed = [*bearer(token), ("authorization", "Basic eA==")]
        is_challenge(await send(world, "GET", ME, headers=mixed), 400, "invalid_request")
    assert (await post(world, ME, body)).status_code == 200


async def test_us_03_two_tokens_in_the_form(world: World) -> None:
    token = (await RelyingParty(world).tokens())["access_token"]
    async with unharmed(world):
        body = encode({"access_token": token}, b"access_token=x")
        is_challenge(await post(world, ME, body), 400, "invalid_request")


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "x.y.z",
        "a.b",
        "....",
        " ",
        "é",
        "eyJ.eyJ.eyJ",
        "A" * 1_000_000,
        "or_" + "A" * 56,
        "a=.b=.c=",
    ],
)
async def test_us_04_garbage(world: World, token: str) -> None:
    async with unharmed(world):
        is_challenge(await send(world, "GET", ME, headers=bearer(token)), 401, "invalid_token")


async def test_us_04_expired_by_a_second(world: World) -> None:
    rp = RelyingParty(world)
    token = (await rp.tokens())["access_token"]
    world.clock.time = START + 599
    assert (await rp.userinfo(token)).status_code == 200
    for late in (600, 601):
        world.clock.time = START + late
        async with unharmed(world):
            is_challenge(await rp.userinfo(token), 401, "invalid_token")


async def test_us_04_revoked(world: World) -> None:
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person())
    token = (await rp.redeem(flow, answer["code"])).json()["access_token"]
    await rp.redeem(flow, answer["code"])
    async with unharmed(world):
        is_challenge(await rp.userinfo(token), 401, "invalid_token")


async def test_us_05_tokens_of_another_kind(world: World) -> None:
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person(), scope="openid offline_access")
    _, unused = await rp.authorize(rp.person())
    tokens = (await rp.redeem(flow, answer["code"])).json()
    claims = payload(tokens["access_token"])
    untyped = [
        await sign_as_issuer(world, claims, kind)  # type: ignore[arg-type]
        for kind in (None, "JWT", "at+JWT ", "AT+JWT", "dpop+jwt", "logout+jwt")
    ]
    async with unharmed(world):
        for token in (tokens["id_token"], tokens["refresh_token"], unused["code"], *untyped):
            is_challenge(await rp.userinfo(token), 401, "invalid_token")


@pytest.mark.parametrize("scope", ["profile email", "email", "OPENID profile"])
async def test_us_06_a_token_without_openid(world: World, scope: str) -> None:
    rp = RelyingParty(world)
    token = (await rp.tokens(scope=scope))["access_token"]
    async with unharmed(world):
        is_challenge(await rp.userinfo(token), 403, "insufficient_scope")


async def test_us_07_a_token_of_the_client_itself(world: World) -> None:
    rp = RelyingParty(world, client_id="service")
    token = (await rp.token(grant_type="client_credentials", scope="openid profile")).json()
    async with unharmed(world):
        is_challenge(await rp.userinfo(token["access_token"]), 403, "insufficient_scope")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://api.example.com"},
        {"aud": ["http://localhost:9400", "https://api.example.com"]},
        {"aud": None},
        {"aud": "http://localhost:9400/"},
        {"iss": "http://evil.test"},
        {"iss": "http://127.0.0.1:9400/a/oidc-provider/api/v0"},
        {"iss": None},
        {"jti": "A" * 32},
        {"exp": START - 1},
        {"exp": "9999999999"},
    ],
)
async def test_us_08_our_signature_but_not_for_us(world: World, changes: dict[str, object]) -> None:
    rp = RelyingParty(world)
    claims = payload((await rp.tokens())["access_token"])
    same = await sign_as_issuer(world, claims)  # type: ignore[arg-type]
    assert (await rp.userinfo(same)).status_code == 200
    other = await sign_as_issuer(world, {**claims, **changes})  # type: ignore[dict-item]
    async with unharmed(world):
        is_challenge(await rp.userinfo(other), 401, "invalid_token")


@pytest.mark.parametrize("change", ["disabled", "left", "removed"])
async def test_us_09_the_person_has_gone(world: World, change: str) -> None:
    rp = RelyingParty(world)
    token = (await rp.tokens())["access_token"]
    if change == "disabled":
        await disable(world)
    elif change == "left":
        await remove_memberships(world, "enterprise-alice-id")
    else:
        await remove_user(world, "enterprise-alice-id")
    async with unharmed(world):
        is_challenge(await rp.userinfo(token), 401, "invalid_token")


async def test_us_09_the_client_has_been_switched_off(world: World) -> None:
    rp = RelyingParty(world, client_id="other", redirect_uri="https://other.example/cb")
    token = (await rp.tokens())["access_token"]
    await change_client(world, "other", disabled_at=START)
    async with unharmed(world):
        is_challenge(await rp.userinfo(token), 401, "invalid_token")


SCOPES = {
    "openid": {"sub", "institution_id"},
    "openid email": {"sub", "institution_id", "email", "email_verified"},
    "openid phone": {"sub", "institution_id", "phone_number"},
    "openid address": {"sub", "institution_id", "address"},
}


@pytest.mark.parametrize("scope", SCOPES)
async def test_us_10_no_claim_beyond_the_scope(world: World, scope: str) -> None:
    rp = RelyingParty(world)
    answer = await rp.userinfo((await rp.tokens(scope=scope))["access_token"])
    assert set(answer.json()) == SCOPES[scope]
    assert "no-store" in answer.headers["cache-control"]


CLAIMS = {
    '{"userinfo":{"email":null}}': {"email"},
    '{"id_token":{"email":null},"userinfo":{"phone":null,"tax_id":null}}': set(),
    '{"userinfo":{"phone_number":{"value":"+1"},"birthdate":null,"netteller_id":null}}': set(),
}


@pytest.mark.parametrize("claims", CLAIMS)
async def test_us_10_no_claim_beyond_the_claims_request(world: World, claims: str) -> None:
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person(), scope="openid", claims=claims)
    token = (await rp.redeem(flow, answer["code"])).json()["access_token"]
    members = (await rp.userinfo(token)).json()
    assert set(members) == {"sub", "institution_id"} | CLAIMS[claims]


async def test_us_10_no_restricted_claim_by_any_name(world: World) -> None:
    names = [*CONSUMER.face.data, *CONSUMER.face.restricted]
    claims = json.dumps({"userinfo": dict.fromkeys(names), "id_token": dict.fromkeys(names[:99])})
    data = {datum: f"the {datum}" for datum in CONSUMER.face.restricted}
    alice = await world.user_id("alice", CONSUMER)
    member = Membership(institution_id=GARDEN, claims={**ALICE_CLAIMS, **data})
    await world.store.users.save_membership(CONSUMER.issuer_id, alice, member, an_event())
    rp = RelyingParty(world, CONSUMER)
    flow, answer = await rp.authorize(rp.person(), scope="openid profile", claims=claims)
    tokens = (await rp.redeem(flow, answer["code"])).json()
    told = {**(await rp.userinfo(tokens["access_token"])).json(), **payload(tokens["id_token"])}
    assert "netteller_id" in told
    assert not set(data.values()) & {str(value) for value in told.values()}


async def test_us_12_pairwise_subjects_of_two_sectors_differ(world: World) -> None:
    seen = []
    for client_id, host in (("one", "one.example"), ("two", "two.example")):
        pairwise = a_client(
            client_id,
            ENTERPRISE,
            subject_type=SubjectType.PAIRWISE,
            redirect_uris=(f"https://{host}/cb",),
        )
        rp = RelyingParty.of(world, await world.add_client(pairwise))
        tokens = await rp.tokens()
        at_userinfo = (await rp.userinfo(tokens["access_token"])).json()["sub"]
        assert at_userinfo == payload(tokens["id_token"])["sub"]
        assert at_userinfo == payload(tokens["access_token"])["sub"]
        seen.append(at_userinfo)
    assert len({*seen, await world.user_id("alice")}) == 3


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "BeArEr"])
async def test_us_11_the_scheme_in_any_case(world: World, scheme: str) -> None:
    token = (await RelyingParty(world).tokens())["access_token"]
    assert (await send(world, "GET", ME, headers=bearer(token, scheme))).status_code == 200


async def test_us_13_forged_tokens(world: World) -> None:
    rp = RelyingParty(world)
    token = (await rp.tokens())["access_token"]
    claims, head = payload(token), header(token)
    kid = str(head["kid"])
    first, middle, last = token.split(".")
    bobs = {**claims, "sub": "enterprise-bob-id"}
    jwks = (await send(world, "GET", path_of(ENTERPRISE, "jwks"))).json()["keys"]
    public = next(key for key in jwks if key["kid"] == kid)
    stranger = sign_as_stranger(claims)  # type: ignore[arg-type]
    forged = {
        "none": f"{segment({**head, 'alg': 'none'})}.{middle}.",
        "none with a signature": f"{segment({**head, 'alg': 'none'})}.{middle}.{last}",
        "nOnE": f"{segment({**head, 'alg': 'nOnE'})}.{middle}.{last}",
        "no alg": f"{segment({'kid': kid, 'typ': 'at+jwt'})}.{middle}.{last}",
        "another person": f"{first}.{segment(bobs)}.{last}",
        "another signature": f"{first}.{middle}.{last[:-6]}AAAAAA",
        "no signature": f"{first}.{middle}.",
        "empty signature of zeros": f"{first}.{middle}.{'A' * 86}",
        "padding": f"{first}=.{middle}.{last}",
        "last character": f"{first}.{middle}.{last[:-1]}{chr(ord(last[-1]) + 1)}",
        "four parts": f"{token}.x",
        "a stranger's key": stranger,
        "a stranger's key under our name": sign_as_stranger(claims, kid),  # type: ignore[arg-type]
        "jwk in the header": f"{segment({**header(stranger), 'kid': kid, 'jwk': public})}.{stranger.partition('.')[2]}",
        "HS256 with our public key": sign_with_secret(
            {"alg": "HS256", "kid": kid, "typ": "at+jwt"},
            bobs,  # type: ignore[arg-type]
            public["x"].encode(),
        ),
        "HS256 with the client's secret": sign_with_secret(
            {"alg": "HS256", "kid": kid, "typ": "at+jwt"},
            bobs,  # type: ignore[arg-type]
            str(rp.secret).encode(),
        ),
        "RS256 for an EC key": f"{segment({**head, 'alg': 'RS256'})}.{middle}.{last}",
        "crit": f"{segment({**head, 'crit': ['x'], 'x': 1})}.{middle}.{last}",
        "crit empty": f"{segment({**head, 'crit': []})}.{middle}.{last}",
        "b64": f"{segment({**head, 'crit': ['b64'], 'b64': False})}.{middle}.{last}",
        "kid list": f"{segment({**head, 'kid': [kid]})}.{middle}.{last}",
        "kid path": f"{segment({**head, 'kid': '../../x'})}.{middle}.{last}",
        "kid null": f"{segment({**head, 'kid': None})}.{middle}.{last}",
        "header no object": f"{segment([head])}.{middle}.{last}",
        "header a number": f"{segment(1)}.{middle}.{last}",
        "header nested": f"{urlsafe_b64encode(b'[' * 9_000).decode().rstrip('=')}.{middle}.{last}",
        "header of objects": f"{urlsafe_b64encode(b'{' * 9_000).decode().rstrip('=')}.{middle}.{last}",
        "of another issuer": (await RelyingParty(world, issuer=CONSUMER).tokens())["access_token"],
    }
    async with unharmed(world):
        for name, text in forged.items():
            answer = await rp.userinfo(text)
            assert answer.status_code == 401, name
            is_challenge(answer, 401, "invalid_token")


async def test_us_13_an_id_tokens_key_signs_no_access_token(world: World) -> None:
    """Another of our keys is still ours; only the kind of token counts."""
    rp = RelyingParty(world)
    claims = payload((await rp.tokens())["access_token"])
    for algorithm in Algorithm:
        token = await sign_as_issuer(world, claims, "at+jwt", algorithm)  # type: ignore[arg-type]
        assert (await rp.userinfo(token)).status_code == 200
        token = await sign_as_issuer(world, claims, None, algorithm)  # type: ignore[arg-type]
        is_challenge(await rp.userinfo(token), 401, "invalid_token")


# ---- beyond the list ----------------------------------------------------------------------------


async def test_a_spelling_of_a_signature_is_one(world: World) -> None:
    """The last character of a base64url signature has bits that count for nothing."""
    rp = RelyingParty(world)
    token = (await rp.tokens())["access_token"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    answer = await rp.userinfo(twin)
    check_answer(answer)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["me", "token", "auth", "jwks", "logout"])
async def test_a_store_out_of_reach_is_503(
    world: World, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rp = RelyingParty(world)
    token = (await rp.tokens())["access_token"]

    async def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(SqliteDatabase, "read_one", fail)
    monkeypatch.setattr(SqliteDatabase, "read_all", fail)
    answer = await send(world, "GET", path_of(ENTERPRISE, path), headers=bearer(token))
    assert answer.status_code in (503, 405) if path != "jwks" else (200, 503)
    assert path == "jwks" or answer.status_code == 405 or "retry-after" in answer.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_other_methods(world: World, method: str) -> None:
    token = (await RelyingParty(world).tokens())["access_token"]
    async with unharmed(world):
        answer = await send(world, method, ME, headers=bearer(token))
        check_answer(answer)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, POST"
