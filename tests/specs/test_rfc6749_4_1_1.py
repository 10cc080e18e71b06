"""RFC 6749 §4.1.1: the authorization request."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.specs.wire import ask, returned, sent_back, shown_as_page


@pytest.mark.spec("RFC 6749 §4.1.1")
async def test_request_without_client_id_is_refused_on_a_page(rp: RelyingParty) -> None:
    """client_id is required; without it nobody is known to send an answer to."""
    await shown_as_page(rp, await ask(rp, client_id=None), ReasonCode.CLIENT_ID_MISSING)


@pytest.mark.spec("RFC 6749 §4.1.1")
async def test_request_without_response_type_is_refused_by_redirect(rp: RelyingParty) -> None:
    """response_type is required."""
    await sent_back(rp, await ask(rp, response_type=None), ReasonCode.RESPONSE_TYPE_MISSING)


@pytest.mark.spec("RFC 6749 §4.1.1")
async def test_request_without_state_is_answered_without_state(rp: RelyingParty) -> None:
    """state is recommended, not required."""
    assert "state" not in returned(rp, await ask(rp, await rp.signed_in(), state=None))


@pytest.mark.spec("RFC 6749 §4.1.1")
async def test_state_of_four_thousand_characters_is_kept_through_the_pages(
    rp: RelyingParty,
) -> None:
    """The client may put into state what it needs to go on with."""
    state = "s" * 4000
    _, response = await rp.authorize(rp.person(), state=state)
    assert response["state"] == state


@pytest.mark.spec("RFC 6749 §4.1.1")
async def test_state_too_long_to_be_sent_back_is_refused_without_it(rp: RelyingParty) -> None:
    """What cannot be returned exactly as it came is not accepted."""
    parameters = await sent_back(rp, await ask(rp, state="s" * 4097), ReasonCode.STATE_TOO_LONG)
    assert "state" not in parameters


@pytest.mark.spec("RFC 6749 §4.1.1")
async def test_nonce_too_long_to_be_kept_is_refused(rp: RelyingParty) -> None:
    """As with state, the whole of it or nothing."""
    await sent_back(rp, await ask(rp, nonce="n" * 1025), ReasonCode.STATE_TOO_LONG)
