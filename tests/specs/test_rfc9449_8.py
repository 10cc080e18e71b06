"""RFC 9449 §8, §9: the server's nonce, as a policy of the issuer."""

import re
from collections.abc import Mapping
from dataclasses import replace

import httpx2
import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.kit.world import an_event
from tests.specs.wire import reason_of, refused

pytestmark = pytest.mark.usefixtures("_changes_are_seen_at_once")

WINDOW = 300


@pytest.fixture
async def strict(bound: RelyingParty) -> RelyingParty:
    """At an issuer that requires a nonce of every proof."""
    issuer = replace(bound.issuer, require_dpop_nonce=True)
    await bound.world.store.issuers.save(issuer, an_event())
    bound.world.clock.time -= bound.world.clock.time % WINDOW  # a window begins
    return replace(bound, issuer=issuer)


async def ask(rp: RelyingParty, proof: Mapping[str, str] | None = None) -> httpx2.Response:
    return await rp.token(grant_type="client_credentials", proof=proof)


async def told(rp: RelyingParty, answer: httpx2.Response) -> str:
    """The one nonce of a refusal that asks for it."""
    members = await refused(rp, answer, ReasonCode.DPOP_NONCE_NEEDED)
    assert members["error"] == "use_dpop_nonce"
    assert answer.status_code == 400
    (nonce,) = answer.headers.get_list("dpop-nonce")
    return nonce


@pytest.mark.spec("RFC 9449 §8")
async def test_proof_without_a_nonce_is_told_the_nonce(strict: RelyingParty) -> None:
    """400 use_dpop_nonce with a DPoP-Nonce header; the request with that nonce succeeds."""
    nonce = await told(strict, await ask(strict))
    assert (await ask(strict, strict.proof(nonce=nonce))).status_code == 200


@pytest.mark.spec("RFC 9449 §8.1")
async def test_nonce_is_of_the_characters_that_it_may_have(strict: RelyingParty) -> None:
    """1*NQCHAR; and each issuer has its own, which nobody can know before."""
    nonce = await told(strict, await ask(strict))
    assert re.fullmatch(r"[\x21\x23-\x5B\x5D-\x7E]+", nonce)
    assert len(nonce) >= 32


@pytest.mark.spec("RFC 9449 §8")
@pytest.mark.parametrize("wrong", ["", "x", "A" * 44, "é"])
async def test_nonce_that_is_not_ours_is_answered_with_ours(
    strict: RelyingParty, wrong: str
) -> None:
    """A mismatch is told in the same way."""
    answer = await ask(strict, strict.proof(nonce=wrong))
    if wrong:
        await told(strict, answer)
    else:
        await refused(strict, answer, ReasonCode.DPOP_PROOF_INVALID)


@pytest.mark.spec("RFC 9449 §8")
async def test_nonce_is_good_in_its_window_and_the_next(strict: RelyingParty) -> None:
    """A server keeps a window of recent nonces; one that is older is answered with a new one."""
    nonce = await told(strict, await ask(strict))
    for later in (1, WINDOW - 1, WINDOW - 1):
        strict.world.clock.time += later
        assert (await ask(strict, strict.proof(nonce=nonce))).status_code == 200
    strict.world.clock.time += 1
    assert await told(strict, await ask(strict, strict.proof(nonce=nonce))) != nonce


@pytest.mark.spec("RFC 9449 §8.2")
async def test_success_carries_the_nonce_for_the_next_request(strict: RelyingParty) -> None:
    """A client that follows the answers never loses a round trip."""
    nonce = await told(strict, await ask(strict))
    for _ in range(3):
        answer = await ask(strict, strict.proof(nonce=nonce))
        assert answer.status_code == 200
        nonce = answer.headers["dpop-nonce"]
        assert "no-store" in answer.headers["cache-control"]
        strict.world.clock.time += WINDOW


@pytest.mark.spec("RFC 9449 §8")
async def test_nonce_is_not_asked_for_without_a_proof(strict: RelyingParty) -> None:
    """The policy is about proofs; who sends none gets bearer tokens as before."""
    answer = await ask(replace(strict, key=None))
    assert answer.status_code == 200
    assert "dpop-nonce" not in answer.headers


@pytest.mark.spec("RFC 9449 §8")
async def test_nonce_is_not_asked_for_where_the_issuer_does_not(bound: RelyingParty) -> None:
    """Without the policy a nonce is neither given nor looked at."""
    answer = await ask(bound, bound.proof(nonce="whatever"))
    assert answer.status_code == 200
    assert "dpop-nonce" not in answer.headers


@pytest.mark.spec("RFC 9449 §8")
async def test_nonce_stands_in_for_the_clock_of_the_client(strict: RelyingParty) -> None:
    """It says when the proof was made; and the proof is remembered as long as its nonce is good."""
    nonce = await told(strict, await ask(strict, strict.proof(iat=1)))
    proof = strict.proof(iat=1, nonce=nonce)
    assert (await ask(strict, proof)).status_code == 200
    strict.world.clock.time += 2 * WINDOW - 1
    await refused(strict, await ask(strict, proof), ReasonCode.DPOP_PROOF_REPLAYED)


@pytest.mark.spec("RFC 9449 §8")
async def test_code_outlives_the_question_for_a_nonce(strict: RelyingParty) -> None:
    """The client sends the very same request again: nothing may have been used up by the first."""
    flow, response = await strict.authorize(strict.person())
    nonce = await told(strict, await strict.redeem(flow, response["code"]))
    answer = await strict.redeem(flow, response["code"], proof=strict.proof(nonce=nonce))
    assert answer.status_code == 200


@pytest.mark.spec("RFC 9449 §8")
async def test_proof_of_a_push_needs_the_nonce_too(strict: RelyingParty) -> None:
    """The authorization server asks for it at each of its endpoints that take proofs."""
    flow = strict.begin()
    nonce = await told(strict, await strict.push(flow, strict.proof("request")))
    answer = await strict.push(flow, strict.proof("request", nonce=nonce))
    assert answer.status_code == 201
    assert answer.headers["dpop-nonce"] == nonce


@pytest.mark.spec("RFC 9449 §9")
async def test_userinfo_asks_for_the_nonce_with_a_challenge(strict: RelyingParty) -> None:
    """401, WWW-Authenticate: DPoP with the error use_dpop_nonce, and the nonce."""
    nonce = await told(strict, await ask(strict))
    flow, response = await strict.authorize(strict.person())
    redeemed = await strict.redeem(flow, response["code"], proof=strict.proof(nonce=nonce))
    token = redeemed.json()["access_token"]
    answer = await strict.userinfo(token)
    assert answer.status_code == 401
    reason = await reason_of(strict.world, strict.issuer, answer.headers)
    assert reason is ReasonCode.DPOP_NONCE_NEEDED
    first, _ = answer.headers.get_list("www-authenticate")
    assert first.startswith("DPoP ")
    assert 'error="use_dpop_nonce"' in first
    assert answer.json()["error"] == "use_dpop_nonce"
    proof = strict.proof("me", "GET", access_token=token, nonce=answer.headers["dpop-nonce"])
    accepted = await strict.userinfo(token, proof=proof)
    assert accepted.status_code == 200
    assert accepted.headers["dpop-nonce"]


@pytest.mark.spec("RFC 9449 §8")
async def test_nonce_does_not_depend_on_key_or_client(strict: RelyingParty) -> None:
    """It proves freshness alone: whoever asks within a window is told the same."""
    nonce = await told(strict, await ask(strict))
    other = replace(strict, client_id="service", key=ClientKey.make())
    assert (await ask(other, other.proof(nonce=nonce))).status_code == 200
