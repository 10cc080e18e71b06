"""OIDC Core §9: client authentication, by the methods that discovery lists."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import SECRET
from tests.specs.wire import basic, code_of, discovery, post_token, refused


@pytest.mark.spec("OIDC Core §9")
async def test_listed_methods_are_those_that_work(rp: RelyingParty) -> None:
    """The methods of the metadata: each of them gets tokens for a client that has it."""
    document = await discovery(rp.world, rp.issuer)
    assert set(document["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic",
        "client_secret_post",
        "none",
    }


@pytest.mark.spec("OIDC Core §9")
async def test_client_secret_basic_is_what_a_client_does_by_default(rp: RelyingParty) -> None:
    """client_secret_basic: HTTP Basic."""
    response = await post_token(rp, await code_of(rp), authorization=basic())
    assert response.status_code == 200


@pytest.mark.spec("OIDC Core §9")
async def test_client_secret_post_puts_the_secret_into_the_form(rp: RelyingParty) -> None:
    """client_secret_post: client_id and client_secret in the body."""
    form = {"client_id": "web", "client_secret": SECRET}
    assert (await post_token(rp, (await code_of(rp)) | form)).status_code == 200


@pytest.mark.spec("OIDC Core §9")
async def test_none_is_for_clients_without_a_secret(spa: RelyingParty) -> None:
    """none: the client does not authenticate, because it is public."""
    response = await post_token(spa, (await code_of(spa)) | {"client_id": "spa"})
    assert response.status_code == 200


@pytest.mark.spec("OIDC Core §9")
async def test_none_is_not_for_clients_with_a_secret(rp: RelyingParty) -> None:
    """A confidential client cannot leave its secret out."""
    response = await post_token(rp, (await code_of(rp)) | {"client_id": "web"})
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("OIDC Core §9")
async def test_method_that_is_not_listed_authenticates_nobody(rp: RelyingParty) -> None:
    """An assertion is not looked at as long as no method reads it."""
    assertion = {
        "client_id": "web",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "a.b.c",
    }
    response = await post_token(rp, (await code_of(rp)) | assertion)
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_MISSING)
