"""OIDC Core §3.1.2.1: the authentication request, parameter by parameter."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty, callback, go_through
from tests.kit.world import PASSWORD, START
from tests.specs.forging import Forger
from tests.specs.wire import (
    ask,
    asks_for,
    id_token_claims,
    returned,
    sent_back,
    shown_as_page,
)

pytestmark = pytest.mark.spec("OIDC Core §3.1.2.1")

MALFORMED_PROMPTS = ["none login", "none consent", "banana", "login banana", "Login", "none none x"]


async def test_request_without_redirect_uri_is_refused_on_a_page(rp: RelyingParty) -> None:
    """redirect_uri is required, even of a client that has registered only one."""
    await shown_as_page(rp, await ask(rp, redirect_uri=None), ReasonCode.REDIRECT_URI_MISSING)


async def test_request_without_openid_scope_is_plain_oauth(rp: RelyingParty) -> None:
    """Without openid the behaviour is unspecified; here it is OAuth, and no ID token is made."""
    tokens = await rp.tokens(scope="email")
    assert "id_token" not in tokens
    assert tokens["access_token"]


async def test_scope_values_that_are_not_understood_are_ignored(rp: RelyingParty) -> None:
    """Unknown scope values should be ignored."""
    tokens = await rp.tokens(scope="openid https://nobody.example/scope groups")
    assert tokens["scope"] == "openid"


async def test_post_with_form_serialization_is_accepted(rp: RelyingParty) -> None:
    """The endpoint must support both GET and POST."""
    person = await rp.signed_in()
    response = await person.http.post(rp.issuer.endpoint("auth"), data=rp.begin().sent)
    assert "code" in returned(rp, response)


# ---- prompt ---------------------------------------------------------------------------------


async def test_prompt_none_without_a_session_is_login_required(rp: RelyingParty) -> None:
    """With none, no page must be shown; a person who is not signed in is an error."""
    await sent_back(rp, await ask(rp, prompt="none"), ReasonCode.LOGIN_REQUIRED)


async def test_prompt_none_with_a_session_and_consent_is_answered_at_once(
    rp: RelyingParty,
) -> None:
    """With nothing left to ask, none is answered with a code."""
    assert "code" in returned(rp, await ask(rp, await rp.signed_in(), prompt="none"))


@pytest.mark.parametrize("prompt", MALFORMED_PROMPTS)
async def test_prompt_of_unknown_values_or_of_none_beside_others_is_refused(
    rp: RelyingParty, prompt: str
) -> None:
    """none with any other value is an error; values have case."""
    response = await ask(rp, await rp.signed_in(), prompt=prompt)
    await sent_back(rp, response, ReasonCode.PROMPT_MALFORMED)


async def test_prompt_login_asks_for_the_password_in_a_live_session(rp: RelyingParty) -> None:
    """login: the server should prompt for reauthentication."""
    person = await rp.signed_in()
    rp.world.clock.time += 30
    flow, response = await rp.authorize(person, prompt="login")
    tokens = (await rp.redeem(flow, response["code"])).json()
    assert (await id_token_claims(rp, tokens))["auth_time"] == START + 30


async def test_prompt_login_shows_the_sign_in_page(rp: RelyingParty) -> None:
    """Nobody comes past it with the session alone."""
    person = await rp.signed_in()
    await person.open(rp.begin(prompt="login").url)
    assert asks_for(person, "sign-in")


async def test_prompt_consent_asks_again_for_what_was_allowed_before(rp: RelyingParty) -> None:
    """consent: the server should prompt for consent before it answers."""
    person = await rp.signed_in()
    await person.open(rp.begin(prompt="consent").url)
    await person.press("allow")
    assert "code" in callback(person)


async def test_prompt_consent_is_asked_even_of_a_client_that_needs_no_consent(
    rp: RelyingParty,
) -> None:
    """What the client asks for expressly is done."""
    rp.client_id = "trusted"
    person = await rp.signed_in()
    await person.open(rp.begin(prompt="consent").url)
    assert asks_for(person, "allow")


async def test_prompt_select_account_lets_the_person_go_on_or_change(rp: RelyingParty) -> None:
    """select_account: the person should be asked which account to use."""
    person = await rp.signed_in()
    await person.open(rp.begin(prompt="select_account").url)
    assert {"continue", "use-another"} <= set(person.page.form_with("continue").buttons)
    await person.press("use-another")
    await go_through(person, "bob")
    assert "code" in callback(person)


async def test_prompt_of_several_values_asks_all_of_them(rp: RelyingParty) -> None:
    """prompt is a list: login and consent are both asked."""
    person = await rp.signed_in()
    await person.open(rp.begin(prompt="login consent").url)
    await person.sign_in("alice", PASSWORD)
    await person.press("allow")
    assert "code" in callback(person)


# ---- max_age --------------------------------------------------------------------------------


async def test_session_within_max_age_is_good_enough(rp: RelyingParty) -> None:
    """max_age allows that many seconds since the last active sign-in."""
    person = await rp.signed_in()
    rp.world.clock.time += 60
    assert "code" in returned(rp, await ask(rp, person, max_age="60", prompt="none"))


async def test_session_older_than_max_age_has_to_sign_in_again(rp: RelyingParty) -> None:
    """Past it the server must attempt to reauthenticate."""
    person = await rp.signed_in()
    rp.world.clock.time += 61
    await person.open(rp.begin(max_age="60").url)
    await person.sign_in("alice", PASSWORD)
    assert "code" in callback(person)


async def test_session_older_than_max_age_is_login_required_with_prompt_none(
    rp: RelyingParty,
) -> None:
    """Where nothing may be shown, an old session is none."""
    person = await rp.signed_in()
    rp.world.clock.time += 61
    response = await ask(rp, person, max_age="60", prompt="none")
    await sent_back(rp, response, ReasonCode.LOGIN_REQUIRED)


async def test_max_age_zero_always_asks_for_a_sign_in(rp: RelyingParty) -> None:
    """max_age=0 is as prompt=login."""
    person = await rp.signed_in()
    response = await ask(rp, person, max_age="0", prompt="none")
    await sent_back(rp, response, ReasonCode.LOGIN_REQUIRED)


@pytest.mark.parametrize("max_age", ["-1", "1.5", "x", "1e3", "\u0661", "99999999999"])
async def test_max_age_that_is_no_number_of_seconds_is_refused(
    rp: RelyingParty, max_age: str
) -> None:
    """max_age is a count of seconds."""
    await sent_back(rp, await ask(rp, max_age=max_age), ReasonCode.MAX_AGE_MALFORMED)


# ---- hints ----------------------------------------------------------------------------------


async def test_login_hint_fills_in_the_username_and_no_more(rp: RelyingParty) -> None:
    """login_hint is a hint for the sign-in page."""
    person = await rp.person().open(rp.begin(login_hint="alice").url)
    assert person.page.form_with("sign-in").values["username"] == "alice"
    await person.sign_in("bob", PASSWORD)
    await person.press("allow")
    assert "code" in callback(person)


async def test_id_token_hint_of_who_is_signed_in_is_answered(rp: RelyingParty) -> None:
    """If the person of the hint is signed in, the response is positive."""
    flow, response = await rp.authorize(person := rp.person())
    hint = (await rp.redeem(flow, response["code"])).json()["id_token"]
    answer = await ask(rp, person, id_token_hint=hint, prompt="none")
    assert "code" in returned(rp, answer)


async def test_id_token_hint_that_has_expired_is_still_a_hint(rp: RelyingParty) -> None:
    """The ID token of a hint need not be current."""
    hint = (await rp.tokens())["id_token"]
    rp.world.clock.time += 3601
    person = await rp.signed_in()
    answer = await ask(rp, person, id_token_hint=hint, prompt="none")
    assert "code" in returned(rp, answer)


async def test_id_token_hint_of_somebody_else_is_login_required_with_prompt_none(
    rp: RelyingParty,
) -> None:
    """If another person is signed in, the server must return an error such as login_required."""
    hint = (await rp.tokens("bob"))["id_token"]
    person = await rp.signed_in("alice")
    response = await ask(rp, person, id_token_hint=hint, prompt="none")
    await sent_back(rp, response, ReasonCode.LOGIN_REQUIRED)


async def test_id_token_hint_is_held_against_whoever_signs_in(rp: RelyingParty) -> None:
    """A positive response is only for the person whom the hint names."""
    hint = (await rp.tokens("bob"))["id_token"]
    person = await rp.person().open(rp.begin(id_token_hint=hint).url)
    await go_through(person, "alice")
    expected = ReasonCode.OTHER_USER_SIGNED_IN.value
    response = callback(person)
    assert response["error"] == str(expected.error) == "login_required"
    assert response["error_description"] == expected.text
    assert "code" not in response


@pytest.mark.parametrize("hint", ["banana", "a.b.c"])
async def test_id_token_hint_that_is_no_token_of_ours_is_refused(
    rp: RelyingParty, hint: str
) -> None:
    """A hint that was not issued by this server says nothing."""
    await sent_back(rp, await ask(rp, id_token_hint=hint), ReasonCode.ID_TOKEN_HINT_INVALID)


async def test_id_token_hint_of_another_client_or_of_another_kind_is_refused(
    rp: RelyingParty,
) -> None:
    """An access token is no hint, and neither is another client's ID token."""
    other = RelyingParty(rp.world, rp.issuer, "other", "https://other.example/cb")
    for hint in ((await rp.tokens())["access_token"], (await other.tokens())["id_token"]):
        response = await ask(rp, id_token_hint=hint)
        await sent_back(rp, response, ReasonCode.ID_TOKEN_HINT_INVALID)


async def test_id_token_hint_without_a_subject_is_refused(rp: RelyingParty) -> None:
    """A token that names nobody is no hint, however well it is signed."""
    forger = await Forger.at(rp.world, rp.issuer)
    hint = forger.id_token({"iss": rp.issuer.url, "aud": rp.client_id})
    await sent_back(rp, await ask(rp, id_token_hint=hint), ReasonCode.ID_TOKEN_HINT_INVALID)


# ---- what is only a wish ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish",
    [
        {"display": "popup"},
        {"ui_locales": "de fr-CA"},
        {"claims_locales": "de"},
        {"acr_values": "urn:nobody:knows"},
        {"login_hint": "nobody@example.com"},
    ],
)
async def test_wish_that_is_not_supported_is_no_error(
    rp: RelyingParty, wish: dict[str, str]
) -> None:
    """Locales, display and acr_values that cannot be met must not result in an error."""
    assert "code" in returned(rp, await ask(rp, await rp.signed_in(), **wish))


async def test_somebody_without_a_session_is_shown_the_sign_in_page(rp: RelyingParty) -> None:
    """Without prompt, whoever is not signed in is asked to."""
    person = await rp.person().open(rp.begin().url)
    assert asks_for(person, "sign-in")
    assert not asks_for(person, "allow")
