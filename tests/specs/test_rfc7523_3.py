"""RFC 7523 §3: what a client assertion has to say, one test for one requirement.

Also §2.2, which says where it stands in the request, and §3.2, which says how it is refused.
"""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.provider.client_auth import client_assertion
from ostiary.web.routes import ENDPOINTS
from tests.kit.client_key import ASSERTION_TYPE, ClientKey
from tests.kit.fapi_party import FapiParty
from tests.kit.world import START, World
from tests.specs.asserting import Signer
from tests.specs.wire import refused

IN_MILLISECONDS = START * 1000


@pytest.fixture
async def signer(world: World, issuer: Issuer) -> Signer:
    return await Signer(world, issuer).register()


@pytest.mark.spec("RFC 7523 §2.2")
async def test_client_is_authenticated_by_a_jwt_in_the_form(signer: Signer) -> None:
    """client_assertion holds one JWT, client_assertion_type says that it is one."""
    assert (await signer.ask()).status_code == 200


@pytest.mark.spec("RFC 7523 §2.2")
async def test_client_id_beside_the_assertion_may_be_left_out(signer: Signer) -> None:
    """The subject names the client; a client_id that says the same is no harm."""
    assert (await signer.ask()).status_code == 200
    assert (await signer.send(signer.assertion() | {"client_id": "signer"})).status_code == 200


@pytest.mark.spec("RFC 7523 §3")
@pytest.mark.parametrize("issuer_of_assertion", [None, "", "web", "signer "])
async def test_issuer_is_the_client(signer: Signer, issuer_of_assertion: Any) -> None:
    """1. iss is there, and for a client it is the client_id (OIDC Core §9)."""
    response = await signer.ask(iss=issuer_of_assertion)
    await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7523 §3")
@pytest.mark.parametrize("subject", [None, "", "web", 1, ["signer"]])
async def test_subject_is_the_client_id(signer: Signer, subject: Any) -> None:
    """2.B: sub is the client_id of the client that authenticates."""
    response = await signer.ask(sub=subject)
    await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7523 §3")
@pytest.mark.parametrize(
    "endpoint", ["", "token", "request", "token/revocation", "token/introspection"]
)
async def test_audience_is_the_issuer_or_an_endpoint_where_clients_authenticate(
    signer: Signer, endpoint: str
) -> None:
    """3. aud identifies the server; the URL of the token endpoint may be used for that."""
    ours = signer.issuer.endpoint(endpoint) if endpoint else signer.issuer.url
    assert (await signer.ask(aud=ours)).status_code == 200
    assert (await signer.ask(aud=[ours])).status_code == 200


@pytest.mark.spec("RFC 7523 §3")
def test_endpoints_that_an_assertion_may_name_are_there() -> None:
    """3. What is accepted as our identity is an address of ours."""
    assert set(client_assertion.ENDPOINTS) <= {endpoint.name for endpoint in ENDPOINTS}


@pytest.mark.spec("RFC 7523 §3")
@pytest.mark.parametrize(
    "audience",
    [None, "", [], "https://elsewhere.example", "{issuer}/", "{issuer}/me", ["{issuer}", 1]],
)
async def test_audience_that_is_somebody_else_is_refused(signer: Signer, audience: Any) -> None:
    """3. A JWT that does not name us in aud must be refused."""
    said = _filled(audience, signer.issuer)
    response = await signer.ask(aud=said)
    await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7523 §3")
@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
@pytest.mark.parametrize(
    "audience", [["{issuer}"], "{token}", "{request}", ["{issuer}", "{token}"]]
)
async def test_client_of_a_strict_profile_names_the_issuer_as_a_text(
    world: World, issuer: Issuer, audience: Any
) -> None:
    """The server accepts its issuer identifier alone, as a string, in aud."""
    party = await FapiParty(world, issuer).register()
    flow = party.rp.begin()
    assert (await party.push(flow)).status_code == 201
    response = await party.push(flow, **party.assertion(aud=_filled(audience, issuer)))
    await refused(party.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


def _filled(audience: Any, issuer: Issuer) -> Any:
    if isinstance(audience, list):
        return [_filled(each, issuer) for each in audience]
    if not isinstance(audience, str):
        return audience
    urls = {"issuer": issuer.url} | {name: issuer.endpoint(name) for name in ("token", "request")}
    return audience.format(**urls)


@pytest.mark.spec("RFC 7523 §3")
@pytest.mark.parametrize("expiry", [None, START, START - 1, str(START + 60), True, -1])
async def test_assertion_that_has_expired_or_never_does_is_refused(
    signer: Signer, expiry: Any
) -> None:
    """4. exp is there, and lies ahead."""
    response = await signer.ask(exp=expiry)
    await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7523 §3")
async def test_expiry_that_lies_unreasonably_far_ahead_is_refused(signer: Signer) -> None:
    """4. At most five minutes, and one for a clock that is fast."""
    assert (await signer.ask(exp=START + 360)).status_code == 200
    response = await signer.ask(exp=START + 361)
    await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7523 §3")
async def test_assertion_is_not_accepted_before_its_time(signer: Signer) -> None:
    """5. nbf, and one minute for a clock that is fast."""
    assert (await signer.ask(nbf=START + 60)).status_code == 200
    response = await signer.ask(nbf=START + 61)
    await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7523 §3")
async def test_time_of_issue_may_be_left_out_but_not_lie_ahead(signer: Signer) -> None:
    """6. iat is optional."""
    assert (await signer.ask(iat=None)).status_code == 200
    assert (await signer.ask(iat=START + 8)).status_code == 200
    response = await signer.ask(iat=START + 61)
    await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7523 §3")
async def test_assertion_is_accepted_once(signer: Signer) -> None:
    """7. The jti is remembered until the assertion has expired."""
    form = signer.assertion()
    assert (await signer.send(form)).status_code == 200
    await refused(signer.rp, await signer.send(form), ReasonCode.CLIENT_ASSERTION_USED)


@pytest.mark.spec("RFC 7523 §3")
async def test_jti_that_has_expired_may_come_again(signer: Signer) -> None:
    """7. What is expired need not be remembered."""
    assert (await signer.ask(jti="again")).status_code == 200
    await refused(signer.rp, await signer.ask(jti="again"), ReasonCode.CLIENT_ASSERTION_USED)
    signer.world.clock.time += 61
    assert (await signer.ask(jti="again")).status_code == 200


@pytest.mark.spec("RFC 7523 §3")
async def test_other_claims_are_no_harm(signer: Signer) -> None:
    """8. The JWT may contain other claims."""
    assert (await signer.ask(purpose="a test", nested={"a": [1, None]})).status_code == 200


@pytest.mark.spec("RFC 7523 §3")
@pytest.mark.parametrize("algorithm", Algorithm)
async def test_signature_of_each_algorithm_is_accepted(
    world: World, issuer: Issuer, algorithm: Algorithm
) -> None:
    """9. The JWT is signed by its issuer; §5 wants RS256."""
    signer = await Signer(world, issuer, ClientKey.make(algorithm)).register()
    assert (await signer.ask()).status_code == 200


@pytest.mark.spec("RFC 7523 §3")
async def test_signature_of_another_key_is_refused(signer: Signer) -> None:
    """9. A JWT with an invalid signature must be refused."""
    stranger = replace(signer, key=ClientKey.make())
    response = await stranger.ask()
    await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7523 §3")
@pytest.mark.parametrize("assertion", ["a.b.c", "x", "a.b", "a.b.c.d.e"])
async def test_what_is_no_jwt_is_refused(signer: Signer, assertion: str) -> None:
    """10. A JWT that is not valid in all other respects must be refused."""
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    await refused(signer.rp, await signer.send(form), ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7523 §3.2")
async def test_refused_client_is_told_no_more_than_any_other(signer: Signer) -> None:
    """The error is invalid_client; the answer does not say which check failed."""
    replayed = signer.assertion()
    await signer.send(replayed)
    answers = [
        await signer.ask(exp=START),
        await signer.ask(iss="nobody", sub="nobody"),
        await replace(signer, key=ClientKey.make()).ask(),
        await signer.send(replayed),
        await signer.send({"client_id": "web", "client_secret": "wrong"}),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.content for answer in answers} == {
        b'{"error":"invalid_client","error_description":"client authentication failed"}'
    }
    assert all("www-authenticate" not in answer.headers for answer in answers)


@pytest.mark.spec("RFC 7523 §3")
async def test_assertion_of_the_contracts_own_tool_is_accepted(
    world: World, issuer: Issuer
) -> None:
    """PS256 and nothing but alg in the header; exp in milliseconds; aud the token endpoint."""
    signer = await Signer(world, issuer, ClientKey.make("PS256")).register()
    claims = {
        "jti": str(uuid.uuid4()),
        "aud": issuer.endpoint("token"),
        "sub": "signer",
        "iss": "signer",
        "exp": IN_MILLISECONDS + 60 * 1000,
    }
    form = {
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signer.key.sign(claims, typ=None),
        "scope": "openid",
    }
    response = await signer.send(form)
    assert response.status_code == 200
    await refused(signer.rp, await signer.send(form), ReasonCode.CLIENT_ASSERTION_USED)


@pytest.mark.spec("RFC 7523 §3")
async def test_milliseconds_are_held_to_the_same_five_minutes(signer: Signer) -> None:
    """What the tool sends is read by its size, and is then no excuse for a long life."""
    for exp in (IN_MILLISECONDS, IN_MILLISECONDS + 361_000):
        response = await signer.ask(exp=exp, iat=None)
        await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
async def test_client_of_a_strict_profile_counts_in_seconds(world: World, issuer: Issuer) -> None:
    """What is an odd form of the contract's own tools is none for a strict client."""
    party = await FapiParty(world, issuer).register()
    flow = party.rp.begin()
    response = await party.push(flow, **party.assertion(exp=IN_MILLISECONDS + 60_000))
    await refused(party.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7523 §3.2")
async def test_record_of_a_refusal_says_which_client_and_what_is_wrong(signer: Signer) -> None:
    """What the answer does not say stands in the record, for those who run the server."""
    response = await signer.ask(aud="https://elsewhere.example")
    await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)
    record = await signer.world.store.refusals.find(
        [signer.issuer.issuer_id], response.headers["ostiary-reference"]
    )
    assert record is not None
    assert record.client_id == "signer"
    assert record.received == "https://elsewhere.example"
    assert signer.issuer.url in (record.expected or "")
