"""RFC 8252: native apps."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty, callback, go_through
from tests.kit.world import a_client
from tests.specs.wire import ask, code_of, post_token, refused, sent_back, shown_as_page

NEVER_REGISTERED = [
    "http://127.0.0.1:8080/other",
    "http://127.0.0.1:8080/cb?x=1",
    "https://127.0.0.1:8080/cb",
    "http://127.0.0.2:8080/cb",
    "http://[::1]:8080/cb",
    "http://127.0.0.1.evil.example:8080/cb",
    "http://127.0.0.1:8080@evil.example/cb",
    "http://127.0.0.1:x/cb",
    "http://127.0.0.1:123456/cb",
    "http://localhost:8080/cb",
]


@pytest.mark.spec("RFC 8252 §7.1")
async def test_private_use_scheme_is_sent_the_code(native: RelyingParty) -> None:
    """Claimed schemes in reverse domain form are supported."""
    _, response = await native.authorize(native.person())
    assert response["code"]


@pytest.mark.spec("RFC 8252 §7.3")
@pytest.mark.parametrize("port", ["", ":1", ":49152", ":65535"])
async def test_loopback_address_of_a_native_client_may_have_any_port(
    native: RelyingParty, port: str
) -> None:
    """The server must allow any port at the time of the request for loopback IP redirect URIs."""
    native.redirect_uri = f"http://127.0.0.1{port}/cb"
    person = await native.person().open(native.begin().url)
    await go_through(person)
    assert callback(person)["code"]
    assert person.left_to
    assert person.left_to.startswith(f"http://127.0.0.1{port}/cb?")


@pytest.mark.spec("RFC 8252 §7.3")
async def test_code_is_redeemed_with_the_port_it_was_asked_for(native: RelyingParty) -> None:
    """The redirect URI of the request is the one that counts, port and all."""
    native.redirect_uri = "http://127.0.0.1:50001/cb"
    code = (await code_of(native)) | {"client_id": "native"}
    other = await post_token(native, code | {"redirect_uri": "http://127.0.0.1:50002/cb"})
    await refused(native, other, ReasonCode.REDIRECT_URI_CHANGED)
    assert (await post_token(native, code)).status_code == 200


@pytest.mark.spec("RFC 8252 §8.4")
@pytest.mark.parametrize("uri", NEVER_REGISTERED)
async def test_nothing_but_the_port_may_differ(native: RelyingParty, uri: str) -> None:
    """Apart from the port, a redirect URI is that which was registered, to the letter."""
    response = await ask(native, redirect_uri=uri)
    await shown_as_page(native, response, ReasonCode.REDIRECT_URI_UNREGISTERED)


@pytest.mark.spec("RFC 8252 §8.3")
async def test_localhost_by_name_has_no_free_port(native: RelyingParty) -> None:
    """localhost is not recommended: the exception is for the loopback IP literal only."""
    response = await ask(native, redirect_uri="http://localhost:50001/cb")
    await shown_as_page(native, response, ReasonCode.REDIRECT_URI_UNREGISTERED)


@pytest.mark.spec("RFC 8252 §8.3")
async def test_loopback_port_of_a_web_client_may_not_differ(rp: RelyingParty) -> None:
    """The free port is for native apps."""
    uris = ("http://127.0.0.1:8080/cb",)
    await rp.world.add_client(a_client("webby", rp.issuer, redirect_uris=uris), rp.issuer)
    response = await ask(rp, client_id="webby", redirect_uri="http://127.0.0.1:8081/cb")
    await shown_as_page(rp, response, ReasonCode.REDIRECT_URI_UNREGISTERED)


@pytest.mark.spec("RFC 8252 §8.1")
async def test_native_client_without_pkce_is_refused(native: RelyingParty) -> None:
    """Public native clients must use PKCE, and servers should reject requests without."""
    response = await ask(native, code_challenge=None, code_challenge_method=None)
    await sent_back(native, response, ReasonCode.CODE_CHALLENGE_MISSING)


@pytest.mark.spec("RFC 8252 §8.5")
async def test_native_client_has_no_secret_that_proves_anything(native: RelyingParty) -> None:
    """A secret that is shipped to many is none: the client is treated as public."""
    code = (await code_of(native)) | {"client_id": "native"}
    with_secret = await post_token(native, code | {"client_secret": "shipped"})
    await refused(native, with_secret, ReasonCode.CLIENT_AUTHENTICATION_FAILED)
    assert (await post_token(native, code)).status_code == 200


@pytest.mark.spec("RFC 8252 §8.6")
async def test_native_client_is_not_answered_without_the_person(native: RelyingParty) -> None:
    """Requests of a client that anybody can impersonate are not processed without consent."""
    person = await native.signed_in()
    response = await ask(native, person, prompt="none")
    await sent_back(native, response, ReasonCode.CONSENT_REQUIRED)
