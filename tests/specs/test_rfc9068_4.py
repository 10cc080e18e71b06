"""RFC 9068 §4: how an access token is validated, shown at userinfo; RFC 8725 and RFC 7515 with it."""

import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty, header, payload
from tests.kit.world import CONSUMER, ENTERPRISE, World
from tests.specs.forging import Forger, signed_by_the_issuer, unsigned
from tests.specs.wire import published_keys, refused


async def claims_of(rp: RelyingParty, **changes: Any) -> dict[str, Any]:
    """What a good access token says, changed."""
    claims: dict[str, Any] = payload((await rp.tokens())["access_token"])
    return claims | changes


@pytest.mark.spec("RFC 9068 §4")
async def test_token_that_was_not_seen_before_is_verified_by_its_signature(
    rp: RelyingParty,
) -> None:
    """A token with a valid signature, issuer, audience and time is accepted."""
    forger = await Forger.at(rp.world, rp.issuer)
    token = forger.access_token(await claims_of(rp, extra="x"))
    assert (await rp.userinfo(token)).status_code == 200


@pytest.mark.spec("RFC 9068 §4")
@pytest.mark.parametrize("token_type", [None, "JWT", "at+JWT2", "logout+jwt"])
async def test_token_of_another_type_is_refused(rp: RelyingParty, token_type: str | None) -> None:
    """The typ must be at+jwt."""
    forger = await Forger.at(rp.world, rp.issuer)
    token = forger.access_token(await claims_of(rp), token_type)
    await refused(rp, await rp.userinfo(token), ReasonCode.TOKEN_INVALID)


@pytest.mark.spec("RFC 9068 §4")
async def test_id_token_is_no_access_token(rp: RelyingParty) -> None:
    """An ID token of the same issuer must not be mistaken for an access token."""
    tokens = await rp.tokens()
    await refused(rp, await rp.userinfo(tokens["id_token"]), ReasonCode.TOKEN_INVALID)


@pytest.mark.spec("RFC 9068 §4")
@pytest.mark.parametrize(
    "change", [{"iss": "https://evil.example"}, {"aud": "https://api.example"}]
)
async def test_token_of_another_issuer_or_audience_is_refused(
    rp: RelyingParty, change: dict[str, str]
) -> None:
    """iss must be the issuer's identifier, aud must contain the resource."""
    forger = await Forger.at(rp.world, rp.issuer)
    token = forger.access_token(await claims_of(rp, **change))
    await refused(rp, await rp.userinfo(token), ReasonCode.TOKEN_INVALID)


@pytest.mark.spec("RFC 9068 §4")
async def test_token_past_its_expiry_is_refused(rp: RelyingParty) -> None:
    """The current time must be before exp."""
    forger = await Forger.at(rp.world, rp.issuer)
    token = forger.access_token(await claims_of(rp, exp=rp.world.clock.time))
    await refused(rp, await rp.userinfo(token), ReasonCode.TOKEN_EXPIRED)


@pytest.mark.spec("RFC 9068 §4")
async def test_unsigned_token_is_refused(rp: RelyingParty) -> None:
    """A token with alg "none" must be rejected, with its kid or without."""
    token = (await rp.tokens())["access_token"]
    kid = header(token)["kid"]
    for head in ({"typ": "at+jwt", "alg": "none"}, {"typ": "at+jwt", "alg": "none", "kid": kid}):
        forged = unsigned(head, payload(token), b"x")
        await refused(rp, await rp.userinfo(forged), ReasonCode.TOKEN_INVALID)


@pytest.mark.spec("RFC 9068 §4")
async def test_token_with_a_changed_claim_is_refused(rp: RelyingParty) -> None:
    """The signature must be validated with the issuer's keys."""
    head, _, signature = (await rp.tokens())["access_token"].split(".")
    changed = unsigned({}, await claims_of(rp, sub="somebody-else")).split(".")[1]
    token = f"{head}.{changed}.{signature}"
    await refused(rp, await rp.userinfo(token), ReasonCode.TOKEN_INVALID)


@pytest.mark.spec("RFC 9068 §4")
async def test_token_of_the_other_issuer_is_refused(world: World) -> None:
    """Each issuer trusts its own keys, though both are served by one process."""
    token = (await RelyingParty(world=world, issuer=CONSUMER).tokens())["access_token"]
    enterprise = RelyingParty(world=world, issuer=ENTERPRISE)
    await refused(enterprise, await enterprise.userinfo(token), ReasonCode.TOKEN_INVALID)


@pytest.mark.spec("RFC 8725 §3.1")
async def test_algorithm_is_the_keys_and_not_the_tokens(rp: RelyingParty) -> None:
    """A public key must not be taken for an HMAC secret because the header says so."""
    (key,) = [each for each in await published_keys(rp.world, rp.issuer) if each["alg"] == "RS256"]
    public = jwt.PyJWK(key).key.public_numbers().n.to_bytes(256, "big")
    head = {"typ": "at+jwt", "alg": "HS256", "kid": key["kid"]}
    message = unsigned(head, await claims_of(rp)).rpartition(".")[0]
    mac = hmac.digest(public, message.encode(), "sha256")
    token = f"{message}.{unsigned({}, {}, mac).rpartition('.')[2]}"
    await refused(rp, await rp.userinfo(token), ReasonCode.TOKEN_INVALID)


@pytest.mark.spec("RFC 7515 §4.1.11")
async def test_critical_extension_is_refused_although_the_signature_is_good(
    rp: RelyingParty,
) -> None:
    """A crit that is not understood makes the token invalid."""
    claims = await claims_of(rp)
    good = await signed_by_the_issuer(rp.world, rp.issuer, {}, claims)
    assert (await rp.userinfo(good)).status_code == 200
    for header_members in ({"crit": ["kid"]}, {"crit": ["x"], "x": 1}):
        token = await signed_by_the_issuer(rp.world, rp.issuer, header_members, claims)
        await refused(rp, await rp.userinfo(token), ReasonCode.TOKEN_INVALID)


@pytest.mark.spec("RFC 8725 §3.10")
async def test_key_in_the_header_of_a_token_is_not_used(rp: RelyingParty) -> None:
    """A key that a token brings along is not trusted, with a kid of ours or without."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(ECAlgorithm.to_jwk(stranger.public_key()))
    claims = await claims_of(rp)
    for ours in ({}, {"kid": header((await rp.tokens())["access_token"])["kid"]}):
        for brought in ({"jwk": jwk}, {"jku": "https://evil.example/jwks"}):
            head = {"typ": "at+jwt", **ours, **brought}
            token = jwt.encode(claims, stranger, algorithm="ES256", headers=head)
            await refused(rp, await rp.userinfo(token), ReasonCode.TOKEN_INVALID)
