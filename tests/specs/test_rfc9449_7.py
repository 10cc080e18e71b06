"""RFC 9449 §7: a bound token at userinfo, and how both schemes are offered there."""

import re
from dataclasses import replace

import httpx2
import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.specs.wire import get, post, reason_of

ALGS = "ES256 ES256K ES384 ES512 EdDSA PS256 PS384"


def me(rp: RelyingParty) -> str:
    return rp.issuer.endpoint("me")


def challenges(answer: httpx2.Response) -> dict[str, dict[str, str]]:
    """The attributes of each scheme, in the order of the header fields."""
    found = {}
    for field in answer.headers.get_list("www-authenticate"):
        scheme, _, attributes = field.partition(" ")
        found[scheme] = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
    return found


async def challenged(rp: RelyingParty, answer: httpx2.Response, code: ReasonCode) -> None:
    """401, and the error in the challenge of the scheme that was tried, which comes first."""
    assert await reason_of(rp.world, rp.issuer, answer.headers) is code
    assert answer.status_code == 401
    tried = "DPoP" if answer.request.headers["authorization"].startswith("DPoP") else "Bearer"
    found = challenges(answer)
    assert [*found] == [tried, "Bearer" if tried == "DPoP" else "DPoP"]
    assert found["DPoP"]["algs"] == ALGS
    assert found[tried]["error"] == str(code.value.error) == answer.json()["error"]
    assert [scheme for scheme in found if "error" in found[scheme]] == [tried]


@pytest.mark.spec("RFC 9449 §7.1")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_bound_token_with_its_proof_is_accepted(bound: RelyingParty, method: str) -> None:
    """Authorization: DPoP and a proof with ath, by the key that the token is bound to."""
    token = (await bound.tokens())["access_token"]
    proof = bound.proof("me", method, access_token=token)
    async with bound.world.http(bound.issuer) as http:
        answer = await http.request(
            method, me(bound), headers={"authorization": f"DPoP {token}", **proof}
        )
    assert answer.status_code == 200
    assert answer.json()["sub"]


@pytest.mark.spec("RFC 9449 §7.1")
@pytest.mark.parametrize("scheme", ["dpop", "DPOP", "DPoP"])
async def test_scheme_has_no_case(bound: RelyingParty, scheme: str) -> None:
    """The scheme is that of HTTP: in any case."""
    token = (await bound.tokens())["access_token"]
    proof = bound.proof("me", "GET", access_token=token)
    answer = await get(
        bound.world, bound.issuer, me(bound), authorization=f"{scheme} {token}", **proof
    )
    assert answer.status_code == 200


@pytest.mark.spec("RFC 9449 §7.1")
async def test_bound_token_without_a_proof_is_refused(bound: RelyingParty) -> None:
    """A resource must check that a proof was received."""
    token = (await bound.tokens())["access_token"]
    answer = await get(bound.world, bound.issuer, me(bound), authorization=f"DPoP {token}")
    await challenged(bound, answer, ReasonCode.TOKEN_BOUND)


@pytest.mark.spec("RFC 9449 §7.1")
async def test_proof_of_another_key_is_refused(bound: RelyingParty) -> None:
    """The proof's key must be that of cnf."""
    token = (await bound.tokens())["access_token"]
    answer = await replace(bound, key=ClientKey.make()).userinfo(token)
    await challenged(bound, answer, ReasonCode.TOKEN_KEY_OTHER)


@pytest.mark.spec("RFC 9449 §7")
async def test_proof_is_for_the_token_that_it_comes_with(bound: RelyingParty) -> None:
    """ath must be there, and be the hash of this access token."""
    token = (await bound.tokens())["access_token"]
    another = (await bound.tokens())["access_token"]
    for wrong in (
        bound.proof("me", "GET"),
        bound.proof("me", "GET", access_token=another),
        bound.proof("me", "GET", ath=""),
        bound.proof("me", "GET", ath=7),
    ):
        await challenged(
            bound, await bound.userinfo(token, proof=wrong), ReasonCode.DPOP_PROOF_INVALID
        )


@pytest.mark.spec("RFC 9449 §7.1")
async def test_proof_of_another_request_is_refused(bound: RelyingParty) -> None:
    """Method and address are of this request, and the proof counts once here too."""
    token = (await bound.tokens())["access_token"]
    for wrong in (
        bound.proof("token", "GET", access_token=token),
        bound.proof("me", "POST", access_token=token),
        {"dpop": "x"},
    ):
        await challenged(
            bound, await bound.userinfo(token, proof=wrong), ReasonCode.DPOP_PROOF_INVALID
        )
    proof = bound.proof("me", "GET", access_token=token)
    assert (await bound.userinfo(token, proof=proof)).status_code == 200
    await challenged(
        bound, await bound.userinfo(token, proof=proof), ReasonCode.DPOP_PROOF_REPLAYED
    )


@pytest.mark.spec("RFC 9449 §7.2")
async def test_bound_token_as_bearer_is_refused(bound: RelyingParty) -> None:
    """A resource that knows both schemes must refuse the downgrade, in header and form."""
    token = (await bound.tokens())["access_token"]
    in_header = await replace(bound, key=None).userinfo(token)
    await challenged(bound, in_header, ReasonCode.TOKEN_BOUND)
    proof = bound.proof("me", "POST", access_token=token)
    in_form = await post(bound.world, bound.issuer, me(bound), f"access_token={token}", **proof)
    assert in_form.status_code == 401
    assert challenges(in_form)["Bearer"]["error"] == "invalid_token"


@pytest.mark.spec("RFC 9449 §7.1")
async def test_unbound_token_under_the_scheme_dpop_is_refused(rp: RelyingParty) -> None:
    """A token without cnf proves nothing by a proof."""
    token = (await rp.tokens())["access_token"]
    bound = replace(rp, key=ClientKey.make())
    await challenged(bound, await bound.userinfo(token), ReasonCode.TOKEN_UNBOUND)


@pytest.mark.spec("RFC 9449 §7.1")
async def test_token_that_is_none_is_told_under_the_scheme_that_was_tried(
    bound: RelyingParty,
) -> None:
    """An error of the token itself, with the scheme DPoP."""
    await challenged(bound, await bound.userinfo("banana"), ReasonCode.TOKEN_INVALID)


@pytest.mark.spec("RFC 9449 §7.2")
async def test_both_schemes_are_offered_without_an_error_to_who_tried_none(
    rp: RelyingParty,
) -> None:
    """Bearer, and DPoP with the algorithms that it may be signed with."""
    answer = await get(rp.world, rp.issuer, me(rp))
    assert answer.status_code == 401
    assert challenges(answer) == {
        "Bearer": {"realm": "ostiary"},
        "DPoP": {"realm": "ostiary", "algs": ALGS},
    }


@pytest.mark.spec("RFC 9449 §7.2")
async def test_error_of_a_bearer_token_stands_in_its_own_challenge(rp: RelyingParty) -> None:
    """Where the mechanism is unambiguous, its challenge delivers the error."""
    await challenged(rp, await rp.userinfo("banana"), ReasonCode.TOKEN_INVALID)
