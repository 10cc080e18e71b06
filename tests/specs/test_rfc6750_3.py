"""RFC 6750 §3: the challenge with which a protected resource refuses."""

import re

import httpx2
import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import an_event
from tests.specs.wire import get, reason_of, refused


def challenge(response: httpx2.Response) -> dict[str, str]:
    """The attributes of the one Bearer challenge; it comes first, before the one of DPoP."""
    header, other = response.headers.get_list("www-authenticate")
    assert header.startswith("Bearer ")
    assert other.startswith("DPoP ")
    return dict(re.findall(r'(\w+)="([^"]*)"', header))


def agrees(response: httpx2.Response, code: ReasonCode) -> None:
    """The challenge says what the body says."""
    attributes = challenge(response)
    assert attributes["error"] == str(code.value.error)
    assert attributes["error_description"] == code.value.text


@pytest.mark.spec("RFC 6750 §3")
@pytest.mark.spec("RFC 6750 §3.1")
@pytest.mark.parametrize("authorization", ["", "Basic d2ViOng=", "Negotiate abc"])
async def test_request_without_a_token_is_challenged_without_an_error(
    rp: RelyingParty, authorization: str
) -> None:
    """401 with WWW-Authenticate: Bearer; no error there nor in the body when nothing was sent."""
    headers = {"authorization": authorization} if authorization else {}
    response = await get(rp.world, rp.issuer, rp.issuer.endpoint("me"), **headers)
    assert await reason_of(rp.world, rp.issuer, response.headers) is ReasonCode.TOKEN_MISSING
    assert response.status_code == 401
    assert response.json() == {}
    assert set(challenge(response)) == {"realm"}


@pytest.mark.spec("RFC 6750 §3")
async def test_every_refusal_of_a_token_carries_one_bearer_challenge(rp: RelyingParty) -> None:
    """The header must be there, with scheme Bearer and at least one attribute."""
    response = await rp.userinfo("banana")
    assert challenge(response)["realm"]


@pytest.mark.spec("RFC 6750 §3.1")
async def test_token_in_the_query_is_challenged_as_invalid_request(rp: RelyingParty) -> None:
    """invalid_request comes with 400."""
    response = await get(rp.world, rp.issuer, f"{rp.issuer.endpoint('me')}?access_token=x")
    await refused(rp, response, ReasonCode.TOKEN_IN_QUERY)
    agrees(response, ReasonCode.TOKEN_IN_QUERY)


@pytest.mark.spec("RFC 6750 §3.1")
@pytest.mark.parametrize("token", ["banana", "a.b.c", "", "e30.e30.e30", "x" * 20_000])
async def test_malformed_token_is_invalid_token(rp: RelyingParty, token: str) -> None:
    """invalid_token: malformed, with 401."""
    response = await rp.userinfo(token)
    await refused(rp, response, ReasonCode.TOKEN_INVALID)
    agrees(response, ReasonCode.TOKEN_INVALID)


@pytest.mark.spec("RFC 6750 §3.1")
async def test_expired_token_is_invalid_token(rp: RelyingParty) -> None:
    """invalid_token: expired, to the second."""
    tokens = await rp.tokens(scope="openid offline_access")
    rp.world.clock.time += 599
    assert (await rp.userinfo(tokens["access_token"])).status_code == 200
    rp.world.clock.time += 1
    response = await rp.userinfo(tokens["access_token"])
    await refused(rp, response, ReasonCode.TOKEN_EXPIRED)
    agrees(response, ReasonCode.TOKEN_EXPIRED)


@pytest.mark.spec("RFC 6750 §3.1")
async def test_revoked_token_is_invalid_token(rp: RelyingParty) -> None:
    """invalid_token: revoked; here because its user was switched off."""
    token = (await rp.tokens())["access_token"]
    user_id = await rp.world.user_id("alice", rp.issuer)
    await rp.world.store.users.set_disabled(rp.issuer.issuer_id, user_id, 1, an_event())
    response = await rp.userinfo(token)
    await refused(rp, response, ReasonCode.TOKEN_REVOKED)
    agrees(response, ReasonCode.TOKEN_REVOKED)


@pytest.mark.spec("RFC 6750 §3.1")
async def test_token_without_the_scope_is_insufficient_and_told_which_scope(
    rp: RelyingParty,
) -> None:
    """insufficient_scope comes with 403, and may name the scope that is needed."""
    tokens = await rp.tokens(scope="email")
    response = await rp.userinfo(tokens["access_token"])
    await refused(rp, response, ReasonCode.SCOPE_INSUFFICIENT)
    agrees(response, ReasonCode.SCOPE_INSUFFICIENT)
    assert challenge(response)["scope"] == "openid"
