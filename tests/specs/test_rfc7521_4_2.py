"""RFC 7521 §4.2: an assertion in place of other client credentials."""

import pytest

from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from tests.kit.client_key import ASSERTION_TYPE
from tests.kit.world import SECRET, World
from tests.specs.asserting import CLIENT_CREDENTIALS, Signer
from tests.specs.wire import basic, post_token, refused


@pytest.fixture
async def signer(world: World, issuer: Issuer) -> Signer:
    return await Signer(world, issuer).register()


@pytest.mark.spec("RFC 7521 §4.2")
@pytest.mark.parametrize(
    "kind",
    ["", "jwt", f"{ASSERTION_TYPE} ", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"],
)
async def test_type_of_the_assertion_is_required_and_known(signer: Signer, kind: str) -> None:
    """client_assertion_type: the absolute URI of the format."""
    form = signer.assertion() | {"client_assertion_type": kind}
    await refused(signer.rp, await signer.send(form), ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7521 §4.2")
async def test_assertion_is_required_beside_its_type(signer: Signer) -> None:
    """client_assertion: the assertion itself."""
    form = {"client_assertion_type": ASSERTION_TYPE, "client_id": "signer"}
    await refused(signer.rp, await signer.send(form), ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("RFC 7521 §4.2")
async def test_client_id_must_be_the_one_of_the_assertion(signer: Signer) -> None:
    """client_id is unnecessary, and must identify the client that the subject is."""
    form = signer.assertion() | {"client_id": "web"}
    await refused(signer.rp, await signer.send(form), ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("RFC 7521 §4.2")
async def test_assertion_with_other_credentials_is_refused(signer: Signer) -> None:
    """A request must not include more than one mechanism."""
    with_secret = signer.assertion() | {"client_id": "web", "client_secret": SECRET}
    response = await signer.send(with_secret)
    await refused(signer.rp, response, ReasonCode.CLIENT_AUTHENTICATION_DOUBLE)
    form = CLIENT_CREDENTIALS | signer.assertion()
    response = await post_token(signer.rp, form, authorization=basic())
    await refused(signer.rp, response, ReasonCode.CLIENT_AUTHENTICATION_DOUBLE)


@pytest.mark.spec("RFC 7521 §4.2")
async def test_assertion_works_with_every_grant_and_endpoint(signer: Signer) -> None:
    """Client authentication is one thing, and what is asked for another."""
    rp = signer.rp
    flow, answer = await rp.authorize(rp.person(), scope="openid offline_access")
    redeemed = await rp.redeem(flow, answer["code"], **signer.assertion())
    assert redeemed.status_code == 200, redeemed.text
    refreshed = await rp.refresh(redeemed.json()["refresh_token"], **signer.assertion())
    assert refreshed.status_code == 200, refreshed.text
    revoked = await rp.revoke(refreshed.json()["refresh_token"], **signer.assertion())
    assert revoked.status_code == 200, revoked.text
    pushed = await rp.push(rp.begin(), client_secret=None, **signer.assertion())
    assert pushed.status_code == 201, pushed.text
