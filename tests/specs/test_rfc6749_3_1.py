"""RFC 6749 §3.1: the authorization endpoint, its parameters and its response types (§3.1.1)."""

from urllib.parse import urlencode

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.specs.wire import ask, get, post, reason_of, returned, sent_back, shown_as_page


@pytest.mark.spec("RFC 6749 §3.1")
async def test_authorization_endpoint_answers_get(rp: RelyingParty) -> None:
    """The server must support GET at the authorization endpoint."""
    assert "code" in returned(rp, await ask(rp, await rp.signed_in()))


@pytest.mark.spec("RFC 6749 §3.1")
async def test_authorization_endpoint_answers_post(rp: RelyingParty) -> None:
    """The server may support POST too, and this one does."""
    person = await rp.signed_in()
    response = await person.http.post(rp.issuer.endpoint("auth"), data=rp.begin().sent)
    assert "code" in returned(rp, response)


@pytest.mark.spec("RFC 6749 §3.1")
async def test_parameter_without_value_is_treated_as_omitted(rp: RelyingParty) -> None:
    """Parameters sent without a value are as if they had been left out."""
    person = await rp.signed_in()
    response = await ask(rp, person, state="", prompt="", max_age="", response_mode="", nonce="")
    parameters = returned(rp, response)
    assert "code" in parameters
    assert "state" not in parameters


@pytest.mark.spec("RFC 6749 §3.1")
async def test_required_parameter_without_value_is_missing(rp: RelyingParty) -> None:
    """An empty required parameter is a missing one."""
    await sent_back(rp, await ask(rp, response_type=""), ReasonCode.RESPONSE_TYPE_MISSING)


@pytest.mark.spec("RFC 6749 §3.1")
async def test_unrecognized_parameters_are_ignored(rp: RelyingParty) -> None:
    """The server must ignore request parameters that it does not know."""
    response = await ask(rp, await rp.signed_in(), more="&foo=bar&scope%5B%5D=x&response-type=y")
    assert "code" in returned(rp, response)


@pytest.mark.spec("RFC 6749 §3.1")
@pytest.mark.parametrize(
    "name", ["scope", "nonce", "response_type", "prompt", "code_challenge", "foo"]
)
async def test_parameter_sent_twice_is_refused_by_redirect(rp: RelyingParty, name: str) -> None:
    """No parameter may be included more than once."""
    response = await ask(rp, await rp.signed_in(), more=f"&{name}=x&{name}=x")
    assert "state" in await sent_back(rp, response, ReasonCode.PARAMETER_REPEATED)


@pytest.mark.spec("RFC 6749 §3.1")
async def test_state_sent_twice_is_refused_without_any_state(rp: RelyingParty) -> None:
    """Of two states neither is sent back: which of them is the client's cannot be known."""
    response = await ask(rp, more="&state=x")
    assert "state" not in await sent_back(rp, response, ReasonCode.PARAMETER_REPEATED)


@pytest.mark.spec("RFC 6749 §3.1")
@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_return_address_sent_twice_is_refused_on_a_page(rp: RelyingParty, name: str) -> None:
    """Where there are two addresses, none is proved to be the client's."""
    response = await ask(rp, more=f"&{name}={rp.begin().sent[name]}")
    await shown_as_page(rp, response, ReasonCode.PARAMETER_REPEATED)


@pytest.mark.spec("RFC 6749 §3.1")
async def test_parameter_in_the_query_and_again_in_the_form_is_refused(rp: RelyingParty) -> None:
    """Once in the query and once in the body is more than once."""
    form = urlencode(rp.begin().sent)
    url = f"{rp.issuer.endpoint('auth')}?scope=openid"
    response = await post(rp.world, rp.issuer, url, form)
    await sent_back(rp, response, ReasonCode.PARAMETER_REPEATED)


@pytest.mark.spec("RFC 6749 §3.1.1")
async def test_request_without_response_type_is_refused(rp: RelyingParty) -> None:
    """A missing response type is an error as §4.1.2.1 says."""
    await sent_back(rp, await ask(rp, response_type=None), ReasonCode.RESPONSE_TYPE_MISSING)


@pytest.mark.spec("RFC 6749 §3.1.1")
@pytest.mark.parametrize(
    "response_type",
    ["token", "id_token", "code token", "code id_token", "none", "code code", "CODE", "banana"],
)
async def test_response_type_other_than_code_is_refused(
    rp: RelyingParty, response_type: str
) -> None:
    """A response type that is not understood is an error as §4.1.2.1 says."""
    response = await ask(rp, await rp.signed_in(), response_type=response_type)
    await sent_back(rp, response, ReasonCode.RESPONSE_TYPE_UNSUPPORTED)
    assert "#" not in response.headers["location"]


@pytest.mark.spec("RFC 9110 §15.5.6")
@pytest.mark.parametrize("name", ["auth", "token", "me", "jwks"])
async def test_method_that_an_endpoint_has_not_is_answered_with_those_that_it_has(
    rp: RelyingParty, name: str
) -> None:
    """405 comes with Allow, which lists the methods of the resource."""
    async with rp.world.http(rp.issuer) as http:
        response = await http.put(rp.issuer.endpoint(name))
    assert response.status_code == 405
    assert await reason_of(rp.world, rp.issuer, response.headers) is ReasonCode.METHOD_NOT_ALLOWED
    for method in response.headers["allow"].split(", "):
        async with rp.world.http(rp.issuer) as http:
            again = await http.request(method, rp.issuer.endpoint(name))
        assert again.status_code != 405


@pytest.mark.spec("RFC 9110 §15.5.5")
async def test_address_below_the_base_path_that_nothing_has_is_not_found(rp: RelyingParty) -> None:
    """404: there is nothing at this address."""
    response = await get(rp.world, rp.issuer, rp.issuer.endpoint("nothing"))
    await shown_as_page(rp, response, ReasonCode.PAGE_UNKNOWN)


@pytest.mark.spec("RFC 9110 §15.5.20")
@pytest.mark.parametrize(
    "path", ["/.well-known/openid-configuration", "/a/oidc-provider/api/v0/auth"]
)
async def test_host_of_no_issuer_is_misdirected(rp: RelyingParty, path: str) -> None:
    """421: this server answers for no such host."""
    response = await get(rp.world, rp.issuer, f"http://nobody.example{path}")
    assert response.status_code == ReasonCode.HOST_UNKNOWN.value.status == 421
