"""RFC 9449 §10: the code is bound to the key that the authorization request named."""

from dataclasses import dataclass, field

import httpx2
import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.client_key import ClientKey
from tests.kit.person import Person
from tests.kit.relying_party import Flow, RelyingParty, callback, go_through
from tests.specs.wire import refused, sent_back


@dataclass
class Keys:
    own: ClientKey = field(default_factory=ClientKey.make)
    other: ClientKey = field(default_factory=ClientKey.make)


@pytest.fixture
def keys() -> Keys:
    return Keys()


def proof(rp: RelyingParty, key: ClientKey, endpoint: str) -> dict[str, str]:
    return key.proof("POST", rp.issuer.endpoint(endpoint), rp.world.clock.time)


async def redeem(rp: RelyingParty, flow: Flow, code: str, key: ClientKey | None) -> httpx2.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": flow.redirect_uri,
        "code_verifier": flow.verifier,
        "client_id": rp.client_id,
        "client_secret": rp.secret,
    }
    headers = proof(rp, key, "token") if key else {}
    async with rp.world.http(rp.issuer) as http:
        return await http.post(rp.issuer.endpoint("token"), data=form, headers=headers)


async def finish(rp: RelyingParty, url: str) -> str:
    person: Person = await rp.person().open(url)
    await go_through(person)
    return callback(person)["code"]


@pytest.mark.spec("RFC 9449 §10")
async def test_code_bound_by_dpop_jkt_needs_that_key(rp: RelyingParty, keys: Keys) -> None:
    """dpop_jkt is the thumbprint of the key; another key, or none, gets no token."""
    flow = rp.begin(dpop_jkt=keys.own.thumbprint)
    code = await finish(rp, flow.url)
    await refused(rp, await redeem(rp, flow, code, keys.other), ReasonCode.DPOP_KEY_OTHER)
    await refused(rp, await redeem(rp, flow, code, None), ReasonCode.DPOP_PROOF_MISSING)
    answer = await redeem(rp, flow, code, keys.own)
    assert answer.status_code == 200


@pytest.mark.spec("RFC 9449 §10")
@pytest.mark.parametrize("jkt", ["x", "A" * 42, "A" * 44, "+" * 43])
async def test_dpop_jkt_that_is_no_thumbprint_is_refused(rp: RelyingParty, jkt: str) -> None:
    """A JWK SHA-256 thumbprint is 43 characters of base64url."""
    answer = await rp.person().http.get(rp.begin(dpop_jkt=jkt).url)
    await sent_back(rp, answer, ReasonCode.DPOP_JKT_MALFORMED)


@pytest.mark.spec("RFC 9449 §10.1")
async def test_proof_at_the_push_binds_the_code(rp: RelyingParty, keys: Keys) -> None:
    """A DPoP header at the push counts as dpop_jkt."""
    flow = rp.begin()
    answer = await rp.push(flow, proof(rp, keys.own, "request"))
    assert answer.status_code == 201, answer.text
    code = await finish(rp, rp.visit_of(answer.json()["request_uri"]))
    await refused(rp, await redeem(rp, flow, code, keys.other), ReasonCode.DPOP_KEY_OTHER)
    assert (await redeem(rp, flow, code, keys.own)).status_code == 200


@pytest.mark.spec("RFC 9449 §10.1")
async def test_proof_and_dpop_jkt_of_a_push_have_to_agree(rp: RelyingParty, keys: Keys) -> None:
    """When both come, they name one key."""
    good = rp.begin(dpop_jkt=keys.own.thumbprint)
    assert (await rp.push(good, proof(rp, keys.own, "request"))).status_code == 201
    answer = await rp.push(good, proof(rp, keys.other, "request"))
    await refused(rp, answer, ReasonCode.DPOP_JKT_OTHER)


@pytest.mark.spec("RFC 9449 §10.1")
async def test_proof_of_another_endpoint_is_refused_at_the_push(
    rp: RelyingParty, keys: Keys
) -> None:
    """The proof of a push names the push."""
    answer = await rp.push(rp.begin(), proof(rp, keys.own, "token"))
    await refused(rp, answer, ReasonCode.DPOP_PROOF_INVALID)
