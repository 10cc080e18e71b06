"""OIDC Core §5.3.2: userinfo as a signed token, for a client that is registered for it."""

from dataclasses import replace
from typing import Any

import jwt
import pytest

from ostiary.domain.client import Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.relying_party import RelyingParty
from tests.kit.world import a_client
from tests.specs.wire import ask, discovery, published_keys, sent_back

pytestmark = pytest.mark.spec("OIDC Core §5.3.2")


async def registered(rp: RelyingParty, algorithm: Algorithm, **changes: Any) -> RelyingParty:
    client: Client = a_client("signed", rp.issuer, userinfo_algorithm=algorithm, **changes)
    await rp.world.add_client(client, rp.issuer)
    return replace(rp, client_id="signed")


async def verified(rp: RelyingParty, token: str) -> dict[str, Any]:
    """By PyJWT, with the published key."""
    header = jwt.get_unverified_header(token)
    (key,) = [
        each for each in await published_keys(rp.world, rp.issuer) if each["kid"] == header["kid"]
    ]
    claims: dict[str, Any] = jwt.decode(
        token,
        jwt.PyJWK(key),
        algorithms=[key["alg"]],
        audience=rp.client_id,
        issuer=rp.issuer.url,
        options={"require": ["iss", "sub", "aud"]},
    )
    return claims


@pytest.mark.parametrize("algorithm", Algorithm)
async def test_userinfo_is_signed_with_the_registered_algorithm(
    rp: RelyingParty, algorithm: Algorithm
) -> None:
    """application/jwt, with iss and aud; the rest as it would stand in JSON."""
    plain = await rp.userinfo((await rp.tokens())["access_token"])
    rp = await registered(rp, algorithm)
    response = await rp.userinfo((await rp.tokens())["access_token"])
    assert response.headers["content-type"] == "application/jwt"
    assert jwt.get_unverified_header(response.text)["alg"] == algorithm
    claims = await verified(rp, response.text)
    assert claims.items() >= plain.json().items()
    assert claims.keys() - plain.json().keys() == {"iss", "aud"}


async def test_signed_userinfo_is_never_stored(rp: RelyingParty) -> None:
    """It is as private as the JSON is."""
    rp = await registered(rp, Algorithm.ES256)
    response = await rp.userinfo((await rp.tokens())["access_token"])
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_signed_userinfo_is_no_id_token(rp: RelyingParty) -> None:
    """Whoever got it cannot use it as a hint of who has signed in."""
    rp = await registered(rp, Algorithm.RS256)
    response = await rp.userinfo((await rp.tokens())["access_token"])
    answer = await ask(rp, id_token_hint=response.text)
    await sent_back(rp, answer, ReasonCode.ID_TOKEN_HINT_INVALID)


@pytest.mark.spec("OIDC Discovery §3")
async def test_algorithms_of_userinfo_are_announced(rp: RelyingParty) -> None:
    """userinfo_signing_alg_values_supported lists them."""
    document = await discovery(rp.world, rp.issuer)
    assert document["userinfo_signing_alg_values_supported"] == [str(each) for each in Algorithm]
