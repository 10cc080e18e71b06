"""RFC 6749 §4.1.2 and §4.1.2.1: the authorization response, with a code or with an error."""

import re

import pytest

from ostiary.domain.refusals import ReasonCode
from ostiary.storage.authorizations import Authorizations
from ostiary.storage.database import StoreUnavailable
from tests.kit.relying_party import RelyingParty, callback
from tests.kit.world import PASSWORD, a_client
from tests.specs.wire import (
    ask,
    basic,
    code_of,
    post_token,
    refused,
    returned,
    sent_back,
    shown_as_page,
)


@pytest.mark.spec("RFC 6749 §4.1.2")
async def test_code_is_returned_in_the_query_with_the_state_as_it_came(rp: RelyingParty) -> None:
    """The response adds `code`, and `state` exactly as the client sent it."""
    state = "a b&c=d+e%/ü"
    response = await ask(rp, await rp.signed_in(), state=state)
    parameters = returned(rp, response)
    assert parameters["code"]
    assert parameters["state"] == state
    assert response.headers["location"].startswith(f"{rp.redirect_uri}?code=")


@pytest.mark.spec("RFC 6749 §4.1.2")
async def test_code_is_good_in_its_last_second_and_not_after(rp: RelyingParty) -> None:
    """A code must expire shortly after it was issued, ten minutes at most; here 60 seconds."""
    last, late = await code_of(rp), await code_of(rp)
    rp.world.clock.time += 60
    assert (await post_token(rp, last, authorization=basic())).status_code == 200
    rp.world.clock.time += 1
    response = await post_token(rp, late, authorization=basic())
    await refused(rp, response, ReasonCode.CODE_EXPIRED)


@pytest.mark.spec("RFC 6749 §4.1.2")
async def test_code_presented_twice_is_refused(rp: RelyingParty) -> None:
    """The client must not use a code more than once; the server must deny it."""
    code = await code_of(rp)
    assert (await post_token(rp, code, authorization=basic())).status_code == 200
    again = await post_token(rp, code, authorization=basic())
    await refused(rp, again, ReasonCode.CODE_REUSED)


@pytest.mark.spec("RFC 6749 §4.1.2")
async def test_code_presented_twice_revokes_every_token_that_it_gave(rp: RelyingParty) -> None:
    """On reuse the server should revoke all tokens issued from the code."""
    code = await code_of(rp, scope="openid offline_access")
    tokens = (await post_token(rp, code, authorization=basic())).json()
    await post_token(rp, code, authorization=basic())
    refreshed = await rp.refresh(tokens["refresh_token"])
    await refused(rp, refreshed, ReasonCode.AUTHORIZATION_ENDED)
    await refused(rp, await rp.userinfo(tokens["access_token"]), ReasonCode.TOKEN_REVOKED)


@pytest.mark.spec("RFC 6749 §4.1.2")
async def test_reuse_is_noticed_after_the_code_has_expired_too(rp: RelyingParty) -> None:
    """A replay is a sign of theft whenever it comes."""
    code = await code_of(rp, scope="openid offline_access")
    tokens = (await post_token(rp, code, authorization=basic())).json()
    rp.world.clock.time += 300
    again = await post_token(rp, code, authorization=basic())
    await refused(rp, again, ReasonCode.CODE_REUSED)
    assert (await rp.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


@pytest.mark.spec("RFC 6749 §4.1.2")
async def test_code_is_bound_to_its_client_and_survives_the_attempt_of_another(
    rp: RelyingParty,
) -> None:
    """A code is bound to the client identifier and the redirect URI."""
    code = await code_of(rp)
    stolen = await post_token(rp, code, authorization=basic("other"))
    await refused(rp, stolen, ReasonCode.CODE_UNKNOWN)
    assert (await post_token(rp, code, authorization=basic())).status_code == 200


# ---- §4.1.2.1, on a page ------------------------------------------------------------------------


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_unknown_client_is_refused_on_a_page(rp: RelyingParty) -> None:
    """With an invalid client identifier the person is told, and not redirected."""
    response = await ask(rp, client_id="nobody")
    await shown_as_page(rp, response, ReasonCode.CLIENT_UNKNOWN)


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_disabled_client_is_refused_on_a_page(rp: RelyingParty) -> None:
    """A client that was switched off is sent nobody."""
    client = a_client("off", rp.issuer, disabled_at=1)
    await rp.world.add_client(client, rp.issuer)
    response = await ask(RelyingParty.of(rp.world, client, rp.issuer))
    await shown_as_page(rp, response, ReasonCode.CLIENT_DISABLED)


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_invalid_redirect_uri_wins_over_every_other_error(rp: RelyingParty) -> None:
    """The server must not redirect to an invalid URI, whatever else is wrong."""
    response = await ask(
        rp, redirect_uri="https://evil.example", response_type="banana", prompt="none", scope='"'
    )
    await shown_as_page(rp, response, ReasonCode.REDIRECT_URI_UNREGISTERED)


# ---- §4.1.2.1, by redirect ----------------------------------------------------------------------


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_error_carries_the_state_as_it_came(rp: RelyingParty) -> None:
    """state is required in an error response if it was in the request."""
    state = "a b&c=d+e%/ü"
    response = await ask(rp, state=state, prompt="banana")
    parameters = await sent_back(rp, response, ReasonCode.PROMPT_MALFORMED)
    assert parameters["state"] == state


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_client_without_the_code_grant_is_unauthorized(rp: RelyingParty) -> None:
    """unauthorized_client: the client may not ask for a code by this method."""
    grants = frozenset({"client_credentials"})
    client = a_client("machine", rp.issuer, grant_types=grants)
    await rp.world.add_client(client, rp.issuer)
    machine = RelyingParty.of(rp.world, client, rp.issuer)
    await sent_back(machine, await ask(machine), ReasonCode.GRANT_NOT_REGISTERED)


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_person_who_denies_is_reported_as_access_denied(rp: RelyingParty) -> None:
    """access_denied: the resource owner said no; state comes along."""
    person = rp.person()
    flow = rp.begin()
    await person.open(flow.url)
    await person.sign_in("alice", PASSWORD)
    await person.press("deny")
    expected = ReasonCode.CONSENT_DENIED.value
    response = callback(person)
    assert response["error"] == str(expected.error) == "access_denied"
    assert response["error_description"] == expected.text
    assert response["state"] == flow.state
    assert "code" not in response


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_what_the_person_denied_can_be_asked_again(rp: RelyingParty) -> None:
    """A no is an answer to one request and is not remembered."""
    person = rp.person()
    await person.open(rp.begin().url)
    await person.sign_in("alice", PASSWORD)
    await person.press("deny")
    await person.open(rp.begin().url)
    await person.press("allow")
    assert "code" in callback(person)


@pytest.mark.spec("RFC 6749 §4.1.2.1")
@pytest.mark.parametrize("code", ReasonCode, ids=lambda code: code.name.lower())
def test_error_texts_are_of_the_characters_that_the_grammar_has(code: ReasonCode) -> None:
    """error_description is printable ASCII without quote and backslash; §5.2 says the same."""
    assert re.fullmatch(r"[\x20\x21\x23-\x5B\x5D-\x7E]+", code.value.text)
    assert re.fullmatch(r"[\x20\x21\x23-\x5B\x5D-\x7E]+", str(code.value.error))


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_error_does_not_repeat_what_was_sent(rp: RelyingParty) -> None:
    """Descriptions are fixed texts: nothing of the request is reflected in them."""
    response = await ask(rp, prompt="mirror", response_mode="mirror", scope="mirror")
    assert "mirror" not in response.headers["location"]


@pytest.mark.spec("RFC 6749 §4.1.2.1")
@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (StoreUnavailable("no disk"), "temporarily_unavailable"),
        (ZeroDivisionError(), "server_error"),
    ],
)
async def test_failure_of_ours_is_told_to_the_client_once_its_address_is_proved(
    rp: RelyingParty, monkeypatch: pytest.MonkeyPatch, failure: Exception, error: str
) -> None:
    """server_error and temporarily_unavailable stand for 500 and 503, which no redirect can carry."""
    person = await rp.signed_in()

    async def fail(*_arguments: object, **_named: object) -> None:
        raise failure

    monkeypatch.setattr(Authorizations, "add", fail)
    assert returned(rp, await ask(rp, person))["error"] == error
