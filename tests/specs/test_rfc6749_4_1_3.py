"""RFC 6749 §4.1.3 and §4.1.4: a code for tokens."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, ENTERPRISE, World, a_client
from tests.specs.wire import basic, code_of, post_token, refused


@pytest.mark.spec("RFC 6749 §4.1.3")
@pytest.mark.spec("RFC 6749 §4.1.4")
async def test_code_with_everything_that_belongs_to_it_gives_tokens(rp: RelyingParty) -> None:
    """A valid and authorized request is answered with an access token."""
    response = await post_token(rp, await code_of(rp), authorization=basic())
    assert response.status_code == 200
    assert response.json()["access_token"]


@pytest.mark.spec("RFC 6749 §4.1.3")
async def test_request_without_grant_type_is_refused(rp: RelyingParty) -> None:
    """grant_type is required."""
    code = {key: value for key, value in (await code_of(rp)).items() if key != "grant_type"}
    response = await post_token(rp, code, authorization=basic())
    await refused(rp, response, ReasonCode.GRANT_TYPE_MISSING)


@pytest.mark.spec("RFC 6749 §4.1.3")
async def test_request_without_code_is_refused(rp: RelyingParty) -> None:
    """code is required."""
    request = {"grant_type": "authorization_code", "redirect_uri": rp.redirect_uri}
    response = await post_token(rp, request, authorization=basic())
    await refused(rp, response, ReasonCode.CODE_MISSING)


@pytest.mark.spec("RFC 6749 §4.1.3")
@pytest.mark.parametrize("uri", ["https://other.example/cb", "https://rp.example/cb/", ""])
async def test_redirect_uri_that_differs_from_the_request_is_refused(
    rp: RelyingParty, uri: str
) -> None:
    """redirect_uri is required, and identical to that of the authorization request."""
    code = await code_of(rp)
    response = await post_token(rp, code | {"redirect_uri": uri}, authorization=basic())
    await refused(rp, response, ReasonCode.REDIRECT_URI_CHANGED)


@pytest.mark.spec("RFC 6749 §4.1.3")
async def test_another_registered_redirect_uri_is_refused_as_well(rp: RelyingParty) -> None:
    """Registered is not enough: it has to be the one of this request."""
    uris = ("https://two.example/a", "https://two.example/b")
    client = a_client("two", rp.issuer, redirect_uris=uris)
    await rp.world.add_client(client, rp.issuer)
    code = await code_of(RelyingParty.of(rp.world, client, rp.issuer))
    response = await post_token(rp, code | {"redirect_uri": uris[1]}, authorization=basic("two"))
    await refused(rp, response, ReasonCode.REDIRECT_URI_CHANGED)


@pytest.mark.spec("RFC 6749 §4.1.3")
async def test_code_survives_a_request_whose_client_is_not_proved(rp: RelyingParty) -> None:
    """Who cannot authenticate can neither use a code nor spend it."""
    code = await code_of(rp)
    for _ in range(3):
        await post_token(rp, code, authorization=basic(secret="wrong"))
    assert (await post_token(rp, code, authorization=basic())).status_code == 200


@pytest.mark.spec("RFC 6749 §4.1.3")
@pytest.mark.parametrize("code", ["x", "oc_", "oc_" + "A" * 56, "or_" + "A" * 56, "../../etc", "é"])
async def test_code_that_was_never_issued_is_refused(rp: RelyingParty, code: str) -> None:
    """The server verifies that the code is valid."""
    sent = (await code_of(rp)) | {"code": code}
    response = await post_token(rp, sent, authorization=basic())
    await refused(rp, response, ReasonCode.CODE_UNKNOWN)


@pytest.mark.spec("RFC 6749 §4.1.3")
async def test_refresh_token_is_no_code(rp: RelyingParty) -> None:
    """A secret is good for its own purpose only."""
    tokens = await rp.tokens(scope="openid offline_access")
    code = (await code_of(rp)) | {"code": tokens["refresh_token"]}
    response = await post_token(rp, code, authorization=basic())
    await refused(rp, response, ReasonCode.CODE_UNKNOWN)


@pytest.mark.spec("RFC 6749 §4.1.3")
async def test_code_of_one_issuer_is_unknown_at_the_other(world: World) -> None:
    """The same client_id at another issuer is another client."""
    enterprise = RelyingParty(world=world, issuer=ENTERPRISE)
    consumer = RelyingParty(world=world, issuer=CONSUMER)
    code = await code_of(enterprise)
    response = await post_token(consumer, code, authorization=basic())
    await refused(consumer, response, ReasonCode.CODE_UNKNOWN)
