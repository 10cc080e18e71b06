"""RFC 6750 §2: how an access token is presented; and §5.3 how it should not be."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.specs.wire import FORM, get, post, reason_of, refused


def me(rp: RelyingParty) -> str:
    return rp.issuer.endpoint("me")


@pytest.mark.spec("RFC 6750 §2.1")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_token_in_the_authorization_header_is_accepted(rp: RelyingParty, scheme: str) -> None:
    """Resource servers must support this method; HTTP schemes have no case."""
    token = (await rp.tokens())["access_token"]
    response = await get(rp.world, rp.issuer, me(rp), authorization=f"{scheme} {token}")
    assert response.status_code == 200


@pytest.mark.spec("RFC 6750 §2.2")
async def test_token_in_the_form_of_a_post_is_accepted(rp: RelyingParty) -> None:
    """A form body of a POST may carry the token as access_token."""
    token = (await rp.tokens())["access_token"]
    response = await post(rp.world, rp.issuer, me(rp), f"access_token={token}")
    assert response.status_code == 200


@pytest.mark.spec("RFC 6750 §2.2")
@pytest.mark.parametrize(
    "media_type", ["text/plain", f"{FORM}-2", f"x{FORM}", "multipart/form-data"]
)
async def test_token_in_a_body_that_is_no_form_is_not_seen(
    rp: RelyingParty, media_type: str
) -> None:
    """The method needs the form content type."""
    token = (await rp.tokens())["access_token"]
    body = f"access_token={token}"
    response = await post(rp.world, rp.issuer, me(rp), body, content_type=media_type)
    assert response.status_code == 401
    assert await reason_of(rp.world, rp.issuer, response.headers) is ReasonCode.TOKEN_MISSING


@pytest.mark.spec("RFC 6750 §2.2")
@pytest.mark.parametrize("media_type", [f"{FORM}; charset=UTF-8", FORM.upper()])
async def test_a_form_may_be_named_in_any_spelling(rp: RelyingParty, media_type: str) -> None:
    """Media types have no case, and may have parameters."""
    token = (await rp.tokens())["access_token"]
    body = f"access_token={token}"
    response = await post(rp.world, rp.issuer, me(rp), body, content_type=media_type)
    assert response.status_code == 200


@pytest.mark.spec("RFC 6750 §2.3")
@pytest.mark.spec("RFC 6750 §5.3")
async def test_token_in_the_query_is_refused_even_if_it_is_good(rp: RelyingParty) -> None:
    """Tokens should not be passed in page URLs, where logs and histories keep them."""
    token = (await rp.tokens())["access_token"]
    response = await get(rp.world, rp.issuer, f"{me(rp)}?access_token={token}")
    await refused(rp, response, ReasonCode.TOKEN_IN_QUERY)
    both = await get(
        rp.world, rp.issuer, f"{me(rp)}?access_token={token}", authorization=f"Bearer {token}"
    )
    await refused(rp, both, ReasonCode.TOKEN_IN_QUERY)


@pytest.mark.spec("RFC 6750 §2")
async def test_token_presented_in_two_ways_is_refused(rp: RelyingParty) -> None:
    """Clients must not use more than one method in a request."""
    token = (await rp.tokens())["access_token"]
    response = await post(
        rp.world, rp.issuer, me(rp), f"access_token={token}", authorization=f"Bearer {token}"
    )
    await refused(rp, response, ReasonCode.TOKEN_DOUBLE)


@pytest.mark.spec("RFC 6750 §2")
async def test_two_authorization_headers_are_refused(rp: RelyingParty) -> None:
    """Twice by one method is more than once too."""
    token = (await rp.tokens())["access_token"]
    async with rp.world.http(rp.issuer) as http:
        bearer = ("authorization", f"Bearer {token}")
        response = await http.get(me(rp), headers=[bearer, bearer])
    await refused(rp, response, ReasonCode.TOKEN_DOUBLE)


@pytest.mark.spec("RFC 6750 §3.1")
async def test_token_sent_twice_in_the_form_is_refused(rp: RelyingParty) -> None:
    """A request that repeats a parameter is invalid."""
    token = (await rp.tokens())["access_token"]
    body = f"access_token={token}&access_token={token}"
    response = await post(rp.world, rp.issuer, me(rp), body)
    await refused(rp, response, ReasonCode.PARAMETER_REPEATED)


@pytest.mark.spec("RFC 6750 §5.3")
async def test_answer_to_a_token_is_not_stored(rp: RelyingParty) -> None:
    """What was given for a bearer token is for its bearer alone."""
    token = (await rp.tokens())["access_token"]
    response = await rp.userinfo(token)
    assert response.headers["cache-control"] == "no-store"
    assert FORM not in response.headers["content-type"]
