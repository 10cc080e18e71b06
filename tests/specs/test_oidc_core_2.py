"""OIDC Core §2: the ID token."""

from typing import Any

import pytest

from ostiary.domain.user import Membership
from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.relying_party import RelyingParty
from tests.kit.world import GARDEN, a_client, an_event
from tests.specs.wire import id_token_claims, verified


async def claims_of(rp: RelyingParty, **request: str) -> dict[str, Any]:
    return await id_token_claims(rp, await rp.tokens(**request))


@pytest.mark.spec("OIDC Core §2")
async def test_id_token_has_every_required_claim(rp: RelyingParty) -> None:
    """iss, sub, aud, exp and iat are required."""
    claims = await claims_of(rp)
    assert claims["iss"] == rp.issuer.url
    assert claims["sub"] == await rp.world.user_id("alice", rp.issuer)
    assert claims["aud"] == rp.client_id
    assert claims["iat"] == rp.world.clock.time
    assert claims["exp"] == rp.world.clock.time + 3600


@pytest.mark.spec("OIDC Core §2")
async def test_subject_is_short_ascii_and_the_same_in_every_sign_in(rp: RelyingParty) -> None:
    """sub is never reassigned and has at most 255 ASCII characters."""
    one, two = await claims_of(rp), await claims_of(rp)
    assert one["sub"] == two["sub"]
    assert one["sub"].isascii()
    assert len(one["sub"]) <= 255


@pytest.mark.spec("OIDC Core §2")
async def test_different_people_have_different_subjects(rp: RelyingParty) -> None:
    """sub is unique within the issuer."""
    alice = await id_token_claims(rp, await rp.tokens("alice"))
    bob = await id_token_claims(rp, await rp.tokens("bob"))
    assert alice["sub"] != bob["sub"]


@pytest.mark.spec("OIDC Core §2")
async def test_nonce_is_returned_exactly_as_it_came(rp: RelyingParty) -> None:
    """If the request has a nonce, the ID token must carry it unmodified, with its case."""
    nonce = "N-0nce öß /+=&"
    flow, response = await rp.authorize(rp.person(), nonce=nonce)
    tokens = (await rp.redeem(flow, response["code"])).json()
    assert (await id_token_claims(rp, tokens))["nonce"] == nonce


@pytest.mark.spec("OIDC Core §2")
async def test_id_token_of_a_request_without_nonce_has_none(rp: RelyingParty) -> None:
    """A nonce is never made up."""
    flow, response = await rp.authorize(rp.person(), nonce=None)
    tokens = (await rp.redeem(flow, response["code"])).json()
    assert "nonce" not in await id_token_claims(rp, tokens)


@pytest.mark.spec("OIDC Core §2")
async def test_auth_time_is_when_the_person_signed_in_and_not_when_the_code_was_made(
    rp: RelyingParty,
) -> None:
    """auth_time is the time of the authentication, required with max_age."""
    signed_in_at = rp.world.clock.time
    person = await rp.signed_in()
    rp.world.clock.time += 100
    flow, response = await rp.authorize(person, max_age="1000")
    tokens = (await rp.redeem(flow, response["code"])).json()
    claims = await id_token_claims(rp, tokens)
    assert claims["auth_time"] == signed_in_at
    assert claims["iat"] == signed_in_at + 100


@pytest.mark.spec("OIDC Core §2")
async def test_acr_and_amr_tell_how_the_person_signed_in(rp: RelyingParty) -> None:
    """acr is one agreed string; amr is an array of method names."""
    claims = await claims_of(rp)
    assert claims["acr"] == rp.issuer.security_level("standard")
    assert claims["amr"] == ["pwd"]


@pytest.mark.spec("RFC 8176 §2")
async def test_password_is_called_pwd(rp: RelyingParty) -> None:
    """The registered name for password-based authentication."""
    assert "pwd" in (await claims_of(rp))["amr"]


@pytest.mark.spec("OIDC Core §2")
@pytest.mark.parametrize("algorithm", Algorithm)
async def test_id_token_is_signed_as_the_client_registered(
    rp: RelyingParty, algorithm: Algorithm
) -> None:
    """ID tokens must be signed, with the registered algorithm and a published key."""
    client = a_client("signed", rp.issuer, id_token_algorithm=algorithm)
    await rp.world.add_client(client, rp.issuer)
    signed = RelyingParty.of(rp.world, client, rp.issuer)
    token = (await signed.tokens())["id_token"]
    header, _ = await verified(signed.world, signed.issuer, token, audience="signed")
    assert header["alg"] == algorithm


@pytest.mark.spec("OIDC Core §2")
async def test_id_token_is_not_signed_with_none_by_default(rp: RelyingParty) -> None:
    """none must not be used; the default is RS256. Headers should not carry keys."""
    token = (await rp.tokens())["id_token"]
    header, _ = await verified(rp.world, rp.issuer, token, audience=rp.client_id)
    assert header["alg"] == "RS256"
    assert not {"x5u", "x5c", "jku", "jwk"} & set(header)


@pytest.mark.spec("OIDC Core §2")
async def test_azp_is_left_out_as_the_only_audience_is_the_client(rp: RelyingParty) -> None:
    """azp is for extensions; without them it should not be used."""
    assert "azp" not in await claims_of(rp)


@pytest.mark.spec("OIDC Core §2")
async def test_what_the_institution_knows_cannot_overrule_what_the_token_says(
    rp: RelyingParty,
) -> None:
    """The claims of the protocol are the issuer's own."""
    user_id = await rp.world.user_id("alice", rp.issuer)
    evil = {"sub": "root", "iss": "https://evil.example", "aud": "x", "acr": "gold", "name": "A"}
    membership = Membership(institution_id=GARDEN, claims=evil)
    users = rp.world.store.users
    await users.save_membership(rp.issuer.issuer_id, user_id, membership, an_event())
    tokens = await rp.tokens()
    claims = await id_token_claims(rp, tokens)
    assert claims["sub"] == user_id
    assert claims["acr"] == rp.issuer.security_level("standard")
    assert (await rp.userinfo(tokens["access_token"])).json()["sub"] == user_id
