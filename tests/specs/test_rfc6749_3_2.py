"""RFC 6749 §3.2: the token endpoint, how it is asked, and §3.2.1 who may ask."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import SECRET
from tests.specs.wire import basic, code_of, get, post_token, refused

CREDENTIALS = {"client_id": "web", "client_secret": SECRET}
SERVICE = CREDENTIALS | {"grant_type": "client_credentials"}


@pytest.mark.spec("RFC 6749 §3.2")
async def test_get_at_the_token_endpoint_is_refused(rp: RelyingParty) -> None:
    """Token requests must be POST."""
    response = await get(rp.world, rp.issuer, rp.issuer.endpoint("token"))
    await refused(rp, response, ReasonCode.METHOD_NOT_ALLOWED)


@pytest.mark.spec("RFC 6749 §3.2")
async def test_parameters_in_the_query_of_the_token_endpoint_are_refused(rp: RelyingParty) -> None:
    """Parameters are in the body; those in a URL end in logs."""
    async with rp.world.http(rp.issuer) as http:
        response = await http.post(f"{rp.issuer.endpoint('token')}?scope=openid", data=SERVICE)
    await refused(rp, response, ReasonCode.PARAMETERS_IN_QUERY)


@pytest.mark.spec("RFC 6749 §3.2")
async def test_empty_parameter_at_the_token_endpoint_is_treated_as_omitted(
    rp: RelyingParty,
) -> None:
    """Parameters sent without a value are as if they had been left out."""
    assert (await post_token(rp, SERVICE | {"scope": ""})).status_code == 200
    empty = await post_token(rp, CREDENTIALS | {"grant_type": ""})
    await refused(rp, empty, ReasonCode.GRANT_TYPE_MISSING)


@pytest.mark.spec("RFC 6749 §3.2")
async def test_unrecognized_parameters_at_the_token_endpoint_are_ignored(rp: RelyingParty) -> None:
    """The server must ignore request parameters that it does not know."""
    more = {"foo": "bar", "audience": "https://api.example", "redirect_url": "x"}
    assert (await post_token(rp, SERVICE | more)).status_code == 200


@pytest.mark.spec("RFC 6749 §3.2")
@pytest.mark.parametrize("name", ["grant_type", "client_id", "client_secret", "scope", "foo"])
async def test_parameter_sent_twice_to_the_token_endpoint_is_refused(
    rp: RelyingParty, name: str
) -> None:
    """No parameter may be included more than once."""
    form = "&".join(f"{key}={value}" for key, value in SERVICE.items())
    response = await post_token(rp, f"{form}&{name}=x&{name}=x")
    await refused(rp, response, ReasonCode.PARAMETER_REPEATED)


@pytest.mark.spec("RFC 8707 §2")
async def test_resource_may_be_sent_more_than_once(rp: RelyingParty) -> None:
    """The one parameter that its own standard lets a client repeat."""
    form = "&".join(f"{key}={value}" for key, value in SERVICE.items())
    resources = "&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example"
    assert (await post_token(rp, form + resources)).status_code == 200


@pytest.mark.spec("RFC 6749 §3.2.1")
async def test_confidential_client_has_to_authenticate_at_the_token_endpoint(
    rp: RelyingParty,
) -> None:
    """Clients that were issued credentials must authenticate, for each of their grants."""
    code = await code_of(rp)
    wrong = await post_token(rp, code, authorization=basic(secret="wrong"))
    await refused(rp, wrong, ReasonCode.CLIENT_AUTHENTICATION_FAILED)
    assert (await post_token(rp, code)).json()["error"] == "invalid_request"
    assert (await post_token(rp, code, authorization=basic())).status_code == 200


@pytest.mark.spec("RFC 6749 §3.2.1")
async def test_public_client_names_itself_by_client_id(spa: RelyingParty) -> None:
    """A client that does not authenticate must send its client_id with the code."""
    code = await code_of(spa)
    nameless = await post_token(spa, code)
    await refused(spa, nameless, ReasonCode.CLIENT_AUTHENTICATION_MISSING)
    assert (await post_token(spa, code | {"client_id": "spa"})).status_code == 200


@pytest.mark.spec("RFC 6749 §3.2.1")
async def test_public_client_cannot_redeem_the_code_of_another_client(spa: RelyingParty) -> None:
    """The client_id protects a public client from a code that was meant for somebody else."""
    native = RelyingParty(
        world=spa.world,
        issuer=spa.issuer,
        client_id="native",
        redirect_uri="com.example.app:/cb",
        secret=None,
    )
    code = await code_of(native)
    response = await post_token(spa, code | {"client_id": "spa"})
    await refused(spa, response, ReasonCode.CODE_UNKNOWN)


@pytest.mark.spec("RFC 9110 §15.5.14")
async def test_body_larger_than_any_form_is_refused(rp: RelyingParty) -> None:
    """413: the content is larger than the server is willing to read."""
    response = await post_token(rp, SERVICE | {"foo": "x" * 70_000})
    await refused(rp, response, ReasonCode.BODY_TOO_LARGE)


@pytest.mark.spec("RFC 9110 §15.5.16")
async def test_compressed_body_is_refused(rp: RelyingParty) -> None:
    """415: the content coding is not one that the server reads."""
    response = await post_token(rp, SERVICE, content_encoding="gzip")
    await refused(rp, response, ReasonCode.CONTENT_ENCODED)
