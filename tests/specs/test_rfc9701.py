"""RFC 9701: the answer to an introspection as a signed JWT."""

from typing import Any

import httpx2
import jwt
import pytest

from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.relying_party import RelyingParty
from tests.kit.world import a_client
from tests.specs.wire import basic, discovery, post, published_keys

MEDIA_TYPE = "application/token-introspection+jwt"


async def an_api(rp: RelyingParty, **changes: object) -> RelyingParty:
    client = a_client("api", rp.issuer, may_introspect=True, **changes)
    return RelyingParty.of(rp.world, await rp.world.add_client(client, rp.issuer), rp.issuer)


async def ask(api: RelyingParty, token: str, accept: str = MEDIA_TYPE) -> httpx2.Response:
    url = api.issuer.endpoint("token/introspection")
    headers = {"authorization": basic("api"), "accept": accept}
    answer = await post(api.world, api.issuer, url, f"token={token}", **headers)
    assert answer.status_code == 200, answer.text
    assert "no-store" in answer.headers["cache-control"]
    return answer


async def read(api: RelyingParty, answer: httpx2.Response) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, the signature verified with the issuer's published keys."""
    assert answer.headers["content-type"] == MEDIA_TYPE
    header = jwt.get_unverified_header(answer.text)
    keys = {key["kid"]: key for key in await published_keys(api.world, api.issuer)}
    claims: dict[str, Any] = jwt.decode(
        answer.text,
        jwt.PyJWK(keys[header["kid"]]),
        algorithms=[header["alg"]],
        audience="api",
        issuer=api.issuer.url,
        options={"verify_iat": False},
    )
    return header, claims


@pytest.mark.spec("RFC 9701 §4")
@pytest.mark.spec("RFC 9701 §5")
async def test_answer_is_signed_for_who_asks_for_it(rp: RelyingParty) -> None:
    """By Accept; typ, iss, aud and iat are there, and the members under token_introspection."""
    api = await an_api(rp)
    token = (await rp.tokens())["access_token"]
    header, claims = await read(api, await ask(api, token))
    assert header["typ"] == "token-introspection+jwt"
    plain = (await api.introspect(token)).json()
    assert claims == {
        "iss": api.issuer.url,
        "aud": "api",
        "iat": api.world.clock.time,
        "token_introspection": plain,
    }
    assert plain["active"] is True


@pytest.mark.spec("RFC 9701 §5")
async def test_token_that_is_not_active_is_told_signed_too(rp: RelyingParty) -> None:
    """active: false and nothing else about the token."""
    api = await an_api(rp)
    _, claims = await read(api, await ask(api, "banana"))
    assert claims["token_introspection"] == {"active": False}


@pytest.mark.spec("RFC 9701 §4")
@pytest.mark.parametrize(
    "accept",
    [MEDIA_TYPE.upper(), f"{MEDIA_TYPE};q=0.9", f"application/json, {MEDIA_TYPE}"],
)
async def test_media_type_is_named_in_any_of_the_ways_of_accept(
    rp: RelyingParty, accept: str
) -> None:
    """Among others, with a weight, in any case."""
    api = await an_api(rp)
    await read(api, await ask(api, "banana", accept))


@pytest.mark.spec("RFC 9701 §4")
@pytest.mark.spec("RFC 9110 §12.5.1")
@pytest.mark.parametrize(
    "accept", ["*/*", "application/*", "application/json", "application/jwt", f"{MEDIA_TYPE}x", ""]
)
async def test_who_does_not_ask_for_it_gets_json(rp: RelyingParty, accept: str) -> None:
    """The media type has to be named: everybody else goes on reading JSON."""
    api = await an_api(rp)
    answer = await ask(api, "banana", accept)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"active": False}


@pytest.mark.spec("RFC 9701 §5")
@pytest.mark.parametrize("algorithm", Algorithm)
async def test_algorithm_is_that_of_the_clients_id_tokens(
    rp: RelyingParty, algorithm: Algorithm
) -> None:
    """RS256 unless the caller is registered for another one; each is announced."""
    api = await an_api(rp, id_token_algorithm=algorithm)
    header, _ = await read(api, await ask(api, "banana"))
    assert header["alg"] == algorithm
    announced = (await discovery(rp.world, rp.issuer))["introspection_signing_alg_values_supported"]
    assert sorted(announced) == sorted(Algorithm)


@pytest.mark.spec("RFC 9701 §8.1")
async def test_answer_cannot_pass_for_an_access_token(rp: RelyingParty) -> None:
    """Typed, without sub and exp, so that neither we nor an API take it for a token."""
    api = await an_api(rp)
    answer = await ask(api, (await rp.tokens())["access_token"])
    _, claims = await read(api, answer)
    assert not {"sub", "exp", "scope", "client_id"} & set(claims)
    assert (await rp.userinfo(answer.text)).status_code == 401
    assert (await api.introspect(answer.text)).json() == {"active": False}
