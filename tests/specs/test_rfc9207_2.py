"""RFC 9207 §2: the issuer is named in every authorization response."""

import pytest

from tests.kit.relying_party import RelyingParty, callback
from tests.kit.world import PASSWORD
from tests.specs.wire import ask, discovery, returned


@pytest.mark.spec("RFC 9207 §2")
@pytest.mark.spec("RFC 9207 §2.1")
@pytest.mark.parametrize("mode", ["query", "fragment"])
async def test_response_with_a_code_names_the_issuer(rp: RelyingParty, mode: str) -> None:
    """iss is added to the response, exactly as the issuer identifier is."""
    response = await ask(rp, await rp.signed_in(), response_mode=mode)
    assert returned(rp, response)["iss"] == rp.issuer.url


@pytest.mark.spec("RFC 9207 §2")
@pytest.mark.spec("RFC 9207 §2.2")
async def test_response_with_an_error_names_the_issuer(rp: RelyingParty) -> None:
    """Error responses carry iss too."""
    assert returned(rp, await ask(rp, prompt="none"))["iss"] == rp.issuer.url
    assert returned(rp, await ask(rp, response_type="banana"))["iss"] == rp.issuer.url


@pytest.mark.spec("RFC 9207 §2")
async def test_response_after_the_pages_names_the_issuer(rp: RelyingParty) -> None:
    """It does not matter how the response came about."""
    for button in ("deny", "allow"):
        person = await rp.person().open(rp.begin().url)
        await person.sign_in("alice", PASSWORD)
        await person.press(button)
        assert callback(person)["iss"] == rp.issuer.url


@pytest.mark.spec("RFC 9207 §2.3")
@pytest.mark.spec("RFC 9207 §3")
async def test_issuer_of_responses_is_that_of_the_metadata_which_announces_it(
    rp: RelyingParty,
) -> None:
    """The value is the metadata's issuer, and the metadata says that it is sent."""
    document = await discovery(rp.world, rp.issuer)
    assert document["authorization_response_iss_parameter_supported"] is True
    assert returned(rp, await ask(rp, prompt="none"))["iss"] == document["issuer"]
