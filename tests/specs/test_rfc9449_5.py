"""RFC 9449 §5, §6, §10: tokens, codes and refresh tokens that are bound to a key."""

from dataclasses import replace
from typing import Any

import pytest

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.kit.world import a_client
from tests.specs.wire import access_token_claims, id_token_claims, refused

OFFLINE = "openid offline_access"


def with_another_key(rp: RelyingParty) -> RelyingParty:
    return replace(rp, key=ClientKey.make())


def without_key(rp: RelyingParty) -> RelyingParty:
    return replace(rp, key=None)


def jkt_of(rp: RelyingParty) -> str:
    assert rp.key is not None
    return rp.key.thumbprint


async def registered(rp: RelyingParty, **changes: object) -> tuple[RelyingParty, Client]:
    client = await rp.world.add_client(a_client("strict", rp.issuer, **changes), rp.issuer)
    return RelyingParty.of(rp.world, client, rp.issuer), client


# ---- §5, §6: access tokens ------------------------------------------------------------------------


@pytest.mark.spec("RFC 9449 §5")
@pytest.mark.spec("RFC 9449 §6.1")
async def test_access_token_for_a_proof_is_bound_to_its_key(bound: RelyingParty) -> None:
    """token_type is DPoP, and cnf.jkt in the token is the thumbprint of the proof's key."""
    tokens = await bound.tokens(scope=OFFLINE)
    assert tokens["token_type"] == "DPoP"
    assert (await access_token_claims(bound, tokens))["cnf"] == {"jkt": jkt_of(bound)}
    assert "cnf" not in await id_token_claims(bound, tokens)


@pytest.mark.spec("RFC 9449 §5")
async def test_access_token_without_a_proof_is_a_bearer_token(rp: RelyingParty) -> None:
    """What is not bound says so: Bearer, and no cnf."""
    tokens = await rp.tokens()
    assert tokens["token_type"] == "Bearer"
    assert "cnf" not in await access_token_claims(rp, tokens)


@pytest.mark.spec("RFC 9449 §5")
async def test_every_grant_binds(bound: RelyingParty) -> None:
    """Any token request becomes a DPoP request by its proof."""
    own = (await bound.token(grant_type="client_credentials")).json()
    assert own["token_type"] == "DPoP"
    assert (await access_token_claims(bound, own))["cnf"] == {"jkt": jkt_of(bound)}
    tokens = await bound.tokens(scope=OFFLINE)
    refreshed = (await bound.refresh(tokens["refresh_token"])).json()
    assert refreshed["token_type"] == "DPoP"
    assert (await access_token_claims(bound, refreshed))["cnf"] == {"jkt": jkt_of(bound)}


# ---- §5: refresh tokens -----------------------------------------------------------------------------


@pytest.mark.spec("RFC 9449 §5")
async def test_refresh_token_of_a_public_client_is_bound(bound_spa: RelyingParty) -> None:
    """It must be bound to the key of the proof, and the binding validated each time."""
    tokens = await bound_spa.tokens(scope=OFFLINE)
    other = with_another_key(bound_spa)
    await refused(other, await other.refresh(tokens["refresh_token"]), ReasonCode.DPOP_KEY_OTHER)
    bare = without_key(bound_spa)
    members = await refused(
        bare, await bare.refresh(tokens["refresh_token"]), ReasonCode.DPOP_PROOF_MISSING
    )
    assert members["error"] == "invalid_dpop_proof"
    second = await bound_spa.refresh(tokens["refresh_token"])
    assert second.status_code == 200
    # ... and so is its successor, and the repetition inside the grace.
    for token in (tokens["refresh_token"], second.json()["refresh_token"]):
        await refused(other, await other.refresh(token), ReasonCode.DPOP_KEY_OTHER)
        assert (await bound_spa.refresh(token)).status_code == 200


@pytest.mark.spec("RFC 9449 §5")
async def test_refresh_token_that_began_without_a_key_stays_without(spa: RelyingParty) -> None:
    """Bound is the refresh token that is issued for a proof; one for none goes on without."""
    tokens = await spa.tokens(scope=OFFLINE)
    bound = with_another_key(spa)
    refreshed = (await bound.refresh(tokens["refresh_token"])).json()
    assert refreshed["token_type"] == "DPoP"
    assert (await spa.refresh(refreshed["refresh_token"])).status_code == 200


@pytest.mark.spec("RFC 9449 §5")
async def test_refresh_token_of_a_confidential_client_is_not_bound(bound: RelyingParty) -> None:
    """It is bound by the client's authentication already; the key may change."""
    tokens = await bound.tokens(scope=OFFLINE)
    other = with_another_key(bound)
    refreshed = (await other.refresh(tokens["refresh_token"])).json()
    assert (await access_token_claims(other, refreshed))["cnf"] == {"jkt": jkt_of(other)}
    bare = without_key(bound)
    assert (await bare.refresh(refreshed["refresh_token"])).json()["token_type"] == "Bearer"


# ---- §5.2: clients that always bind ----------------------------------------------------------------


@pytest.mark.spec("RFC 9449 §5.2")
async def test_client_that_always_binds_gets_nothing_without_a_proof(rp: RelyingParty) -> None:
    """Token requests of such a client without a DPoP header must be rejected."""
    strict, _ = await registered(rp, require_dpop=True)
    own = await strict.token(grant_type="client_credentials")
    await refused(strict, own, ReasonCode.DPOP_PROOF_MISSING)
    flow, response = await strict.authorize(strict.person(), scope=OFFLINE)
    await refused(
        strict, await strict.redeem(flow, response["code"]), ReasonCode.DPOP_PROOF_MISSING
    )
    # The code has not suffered by it.
    bound = with_another_key(strict)
    tokens = (await bound.redeem(flow, response["code"])).json()
    assert tokens["token_type"] == "DPoP"
    answer = await strict.refresh(tokens["refresh_token"])
    await refused(strict, answer, ReasonCode.DPOP_PROOF_MISSING)
    assert (await bound.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.spec("RFC 9449 §5.2")
async def test_profile_may_require_it_of_its_clients(rp: RelyingParty) -> None:
    """Under a profile with sender constraint every client is such a client."""
    key = ClientKey.make()
    fapi, _ = await registered(
        rp,
        profile_name="fapi2_security",
        auth_method=AuthMethod.PRIVATE_KEY_JWT,
        secrets=(),
        public_keys=(key.public_jwk,),
        id_token_algorithm=Algorithm.ES256,
    )
    fapi = replace(fapi, secret=None)

    def request() -> dict[str, Any]:
        proof_of_client = key.assertion("strict", rp.issuer.url, rp.world.clock.time)
        return {"grant_type": "client_credentials", **proof_of_client}

    await refused(fapi, await fapi.token(**request()), ReasonCode.DPOP_PROOF_MISSING)
    bound = with_another_key(fapi)
    assert (await bound.token(**request())).json()["token_type"] == "DPoP"


# ---- §10: codes ------------------------------------------------------------------------------------


@pytest.mark.spec("RFC 9449 §10")
async def test_code_is_bound_to_the_key_of_the_request(bound: RelyingParty) -> None:
    """With dpop_jkt in the request the token request must have a proof by that key."""
    flow, response = await bound.authorize(bound.person(), dpop_jkt=jkt_of(bound))
    other = with_another_key(bound)
    answer = await other.redeem(flow, response["code"])
    members = await refused(other, answer, ReasonCode.DPOP_KEY_OTHER)
    assert members["error"] == "invalid_grant"
    bare = without_key(bound)
    await refused(bare, await bare.redeem(flow, response["code"]), ReasonCode.DPOP_PROOF_MISSING)
    assert (await bound.redeem(flow, response["code"])).status_code == 200


@pytest.mark.spec("RFC 9449 §10.1")
async def test_proof_of_a_push_binds_the_code(bound: RelyingParty) -> None:
    """A DPoP proof at the pushed request does what dpop_jkt does."""
    flow = bound.begin()
    pushed = await bound.push(flow, bound.proof("request"))
    assert pushed.status_code == 201, pushed.text
    flow.url = bound.visit_of(pushed.json()["request_uri"])
    person = await bound.signed_in()
    await person.open(flow.url)
    code = str(person.left_to).partition("code=")[2].partition("&")[0]
    other = with_another_key(bound)
    await refused(other, await other.redeem(flow, code), ReasonCode.DPOP_KEY_OTHER)
    assert (await bound.redeem(flow, code)).status_code == 200


@pytest.mark.spec("RFC 9449 §10.1")
async def test_proof_of_a_push_is_checked(bound: RelyingParty) -> None:
    """It must be valid for the endpoint, and of the key that dpop_jkt names."""
    wrong = await bound.push(bound.begin(), bound.proof("token"))
    await refused(bound, wrong, ReasonCode.DPOP_PROOF_INVALID)
    other = with_another_key(bound)
    flow = bound.begin(dpop_jkt=jkt_of(other))
    answer = await bound.push(flow, bound.proof("request"))
    await refused(bound, answer, ReasonCode.DPOP_JKT_OTHER)
