"""RFC 6749 §4.4: the client credentials grant."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import a_client
from tests.specs.wire import access_token_claims, basic, post_token, refused

GRANT = {"grant_type": "client_credentials"}


@pytest.mark.spec("RFC 6749 §4.4.2")
@pytest.mark.spec("RFC 6749 §4.4.3")
async def test_authenticated_client_gets_an_access_token_for_itself(rp: RelyingParty) -> None:
    """The client authenticates and gets an access token."""
    response = await post_token(rp, GRANT, authorization=basic("service"))
    assert response.status_code == 200
    claims = await access_token_claims(rp, response.json())
    assert claims["sub"] == claims["client_id"] == "service"


@pytest.mark.spec("RFC 6749 §4.4.3")
async def test_client_credentials_give_no_refresh_token_and_no_id_token(rp: RelyingParty) -> None:
    """A refresh token should not be included; and no user is there to be identified."""
    form = GRANT | {"scope": "openid offline_access"}
    members = (await post_token(rp, form, authorization=basic("service"))).json()
    assert set(members) == {"access_token", "token_type", "expires_in", "scope"}
    assert members["scope"] == "openid"


@pytest.mark.spec("RFC 6749 §4.4")
async def test_client_credentials_are_refused_to_a_public_client(spa: RelyingParty) -> None:
    """The grant must only be used by confidential clients, whatever is registered."""
    response = await post_token(spa, GRANT | {"client_id": "spa"})
    await refused(spa, response, ReasonCode.GRANT_NOT_REGISTERED)


@pytest.mark.spec("RFC 6749 §4.4.2")
async def test_client_that_does_not_authenticate_gets_no_token(rp: RelyingParty) -> None:
    """The server must authenticate the client."""
    response = await post_token(rp, GRANT, authorization=basic("service", "wrong"))
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("RFC 6749 §4.4.2")
async def test_client_without_this_grant_is_unauthorized(rp: RelyingParty) -> None:
    """unauthorized_client: the client may not use this grant type."""
    grants = frozenset({"authorization_code"})
    await rp.world.add_client(a_client("browser-only", rp.issuer, grant_types=grants), rp.issuer)
    response = await post_token(rp, GRANT, authorization=basic("browser-only"))
    await refused(rp, response, ReasonCode.GRANT_NOT_REGISTERED)


@pytest.mark.spec("RFC 6749 §4.4.2")
async def test_scope_of_a_client_for_itself_is_limited_to_what_it_may_have(
    rp: RelyingParty,
) -> None:
    """The requested scope is checked as in §3.3."""
    client = a_client("narrow", rp.issuer, scopes=frozenset({"openid"}))
    await rp.world.add_client(client, rp.issuer)
    wide = await post_token(rp, GRANT | {"scope": "openid email"}, authorization=basic("narrow"))
    await refused(rp, wide, ReasonCode.SCOPE_NOT_ALLOWED)
    broken = await post_token(rp, GRANT | {"scope": 'openid "'}, authorization=basic("narrow"))
    await refused(rp, broken, ReasonCode.SCOPE_MALFORMED)


@pytest.mark.spec("RFC 6749 §4.4.3")
async def test_token_of_a_client_for_itself_opens_nothing_of_a_user(rp: RelyingParty) -> None:
    """There is no resource owner behind it, so userinfo has nobody to tell of."""
    form = GRANT | {"scope": "openid"}
    members = (await post_token(rp, form, authorization=basic("service"))).json()
    response = await rp.userinfo(members["access_token"])
    await refused(rp, response, ReasonCode.SCOPE_INSUFFICIENT)
