"""RFC 6749 §3.1.2: the redirection endpoint: which address an answer may go to."""

import pytest

from ostiary.domain.refusals import ReasonCode
from ostiary.management.clients import create_client
from ostiary.management.errors import ManagementError
from tests.kit.relying_party import RelyingParty
from tests.kit.world import START, a_client, find_master_key
from tests.specs.wire import ask, returned, shown_as_page

NOT_REGISTERED = [
    "https://rp.example/cb/",
    "https://rp.example/CB",
    "https://RP.example/cb",
    "https://rp.example:443/cb",
    "https://rp.example/cb?x=1",
    "https://rp.example/cb?",
    "https://rp.example/cb#",
    "https://rp.example/cb#fragment",
    "https://rp.example/./cb",
    "https://rp.example/%63b",
    "https://rp.example/cb ",
    "https://rp.example",
    "https://evil.example/cb",
    "https://rp.example.evil.example/cb",
    "https://rp.example@evil.example/cb",
    "http://rp.example/cb",
    "//rp.example/cb",
    "/cb",
    "javascript:alert(1)",
]


@pytest.mark.spec("RFC 6749 §3.1.2.3")
@pytest.mark.parametrize("uri", NOT_REGISTERED)
async def test_redirect_uri_that_is_not_registered_to_the_letter_is_refused_on_a_page(
    rp: RelyingParty, uri: str
) -> None:
    """A redirect URI in the request must be one of those registered, by simple string comparison."""
    response = await ask(rp, await rp.signed_in(), redirect_uri=uri)
    await shown_as_page(rp, response, ReasonCode.REDIRECT_URI_UNREGISTERED)


@pytest.mark.spec("RFC 6749 §3.1.2.4")
async def test_refused_redirect_uri_is_not_offered_to_the_person_either(rp: RelyingParty) -> None:
    """The server must not redirect to an invalid URI, and informs the person instead."""
    response = await ask(rp, redirect_uri="https://evil.example/cb")
    assert 'href="https://evil.example' not in response.text
    assert 'action="https://evil.example' not in response.text
    assert response.headers["ostiary-reference"] in response.text


@pytest.mark.spec("RFC 6749 §3.1.2.3")
async def test_each_of_several_registered_uris_can_be_asked_for(rp: RelyingParty) -> None:
    """With several registered URIs the request says which."""
    uris = ("https://two.example/a", "https://two.example/b")
    client = a_client("two", rp.issuer, redirect_uris=uris, consent_required=False)
    await rp.world.add_client(client, rp.issuer)
    two = RelyingParty.of(rp.world, client, rp.issuer)
    person = await two.signed_in()
    for uri in uris:
        two.redirect_uri = uri
        assert "code" in returned(two, await ask(two, person))


@pytest.mark.spec("RFC 6749 §3.1.2")
async def test_query_of_the_redirect_uri_is_kept_when_parameters_are_added(
    rp: RelyingParty,
) -> None:
    """A query component of the redirect URI must be retained."""
    uri = "https://rp.example/cb?tenant=a%20b&x="
    client = a_client("query", rp.issuer, redirect_uris=(uri,), consent_required=False)
    await rp.world.add_client(client, rp.issuer)
    query = RelyingParty.of(rp.world, client, rp.issuer)
    response = await ask(query, await query.signed_in())
    assert response.headers["location"].startswith(f"{uri}&code=")


@pytest.mark.spec("RFC 6749 §3.1.2.2")
async def test_redirect_uri_of_another_client_is_refused(rp: RelyingParty) -> None:
    """Each client has the URIs that were registered for it, and no others."""
    response = await ask(rp, redirect_uri="https://other.example/cb")
    await shown_as_page(rp, response, ReasonCode.REDIRECT_URI_UNREGISTERED)


@pytest.mark.spec("RFC 6749 §3.1.2")
@pytest.mark.spec("RFC 1123 §2.1")
@pytest.mark.parametrize(
    "uri",
    [
        "/cb",
        "https://rp.example/cb#fragment",
        "http://rp.example/cb",
        "https://-rp.example/cb",
        "https://rp..example/cb",
        "https://user@rp.example/cb",
    ],
)
async def test_redirect_uri_that_is_no_safe_absolute_uri_cannot_be_registered(
    rp: RelyingParty, uri: str
) -> None:
    """The redirection endpoint is an absolute URI without fragment, at a host with a host's name."""
    client = a_client("bad", rp.issuer, redirect_uris=(uri,))
    with pytest.raises(ManagementError):
        await create_client(rp.world.store, rp.issuer, client, START, master_key=find_master_key)
