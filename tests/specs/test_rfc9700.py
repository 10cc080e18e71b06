"""RFC 9700: best current practice for OAuth 2.0 security."""

from dataclasses import replace

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty, callback, go_through
from tests.kit.world import PASSWORD, START, a_client, an_event
from tests.specs.wire import (
    ask,
    basic,
    code_of,
    discovery,
    get,
    post_token,
    reason_of,
    refused,
    returned,
    sent_back,
    shown_as_page,
)


async def at_sign_in(rp: RelyingParty) -> Person:
    return await rp.person().open(rp.begin().url)


# ---- §2.1 redirect URIs and PKCE ----------------------------------------------------------------


@pytest.mark.spec("RFC 9700 §2.1")
@pytest.mark.spec("RFC 9700 §4.1.3")
@pytest.mark.parametrize(
    "uri", ["https://rp.example/cb/../evil", "https://rp.example/cb%2f..", "https://rp.example/*"]
)
async def test_redirect_uri_is_compared_to_the_letter(rp: RelyingParty, uri: str) -> None:
    """Exact string matching: no pattern, no prefix, no normalization."""
    response = await ask(rp, redirect_uri=uri)
    await shown_as_page(rp, response, ReasonCode.REDIRECT_URI_UNREGISTERED)


@pytest.mark.spec("RFC 9700 §2.1.1")
async def test_public_client_must_use_pkce(spa: RelyingParty) -> None:
    """Public clients must use PKCE, and the server must support and enforce it."""
    response = await ask(spa, code_challenge=None)
    await sent_back(spa, response, ReasonCode.CODE_CHALLENGE_MISSING)


@pytest.mark.spec("RFC 9700 §2.1.1")
async def test_pkce_is_announced(rp: RelyingParty) -> None:
    """The server must let clients find out that it supports PKCE."""
    document = await discovery(rp.world, rp.issuer)
    assert document["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.spec("RFC 9700 §2.1.1")
@pytest.mark.spec("RFC 9700 §4.8.2")
async def test_verifier_for_a_code_without_challenge_is_refused(relaxed: RelyingParty) -> None:
    """A verifier is accepted only if a challenge was in the request: else it was stripped off."""
    code = await code_of(relaxed, code_challenge=None, code_challenge_method=None)
    response = await post_token(relaxed, code, authorization=basic("relaxed"))
    await refused(relaxed, response, ReasonCode.CODE_VERIFIER_UNEXPECTED)


@pytest.mark.spec("RFC 9700 §4.8.2")
async def test_challenge_is_enforced_for_a_client_that_may_do_without(
    relaxed: RelyingParty,
) -> None:
    """If a challenge was in the request, a verifier is needed, whatever the client may do."""
    code = await code_of(relaxed)
    del code["code_verifier"]
    response = await post_token(relaxed, code, authorization=basic("relaxed"))
    await refused(relaxed, response, ReasonCode.CODE_VERIFIER_MISSING)


@pytest.mark.spec("RFC 9700 §2.1.2")
@pytest.mark.parametrize("response_type", ["token", "id_token token"])
async def test_tokens_are_never_in_an_authorization_response(
    rp: RelyingParty, response_type: str
) -> None:
    """Response types that issue access tokens in the authorization response should not be used."""
    response = await ask(rp, await rp.signed_in(), response_type=response_type)
    parameters = await sent_back(rp, response, ReasonCode.RESPONSE_TYPE_UNSUPPORTED)
    assert "access_token" not in parameters


@pytest.mark.spec("RFC 9700 §2.4")
async def test_password_grant_is_not_there(rp: RelyingParty) -> None:
    """The resource owner password credentials grant must not be used."""
    response = await rp.token(grant_type="password", username="alice", password=PASSWORD)
    await refused(rp, response, ReasonCode.GRANT_TYPE_UNSUPPORTED)


# ---- §4 attacks ---------------------------------------------------------------------------------


@pytest.mark.spec("RFC 9700 §4.2.4")
async def test_pages_and_redirects_tell_no_referrer(rp: RelyingParty) -> None:
    """The address of a page, with state in it, must not leak through the Referer header."""
    person = await at_sign_in(rp)
    answer = await ask(rp, await rp.signed_in())
    for headers in (person.page.headers, answer.headers):
        assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.spec("RFC 9700 §4.3.2")
async def test_access_token_in_a_url_is_refused(rp: RelyingParty) -> None:
    """Clients must not pass access tokens in a URI query."""
    token = (await rp.tokens())["access_token"]
    response = await get(rp.world, rp.issuer, f"{rp.issuer.endpoint('me')}?access_token={token}")
    await refused(rp, response, ReasonCode.TOKEN_IN_QUERY)


@pytest.mark.spec("RFC 9700 §4.4")
async def test_every_response_says_which_server_it_is_of(rp: RelyingParty) -> None:
    """Against mix-up: iss is in the response."""
    assert returned(rp, await ask(rp, prompt="none"))["iss"] == rp.issuer.url


@pytest.mark.spec("RFC 9700 §4.5.3")
async def test_stolen_code_put_into_another_flow_of_the_same_client_is_refused(
    rp: RelyingParty,
) -> None:
    """Code injection: PKCE binds the code to the flow, and the code is spent."""
    stolen, own = await code_of(rp), await code_of(rp)
    injected = stolen | {"code_verifier": own["code_verifier"]}
    response = await post_token(rp, injected, authorization=basic())
    await refused(rp, response, ReasonCode.CODE_VERIFIER_WRONG)
    ended = await post_token(rp, stolen, authorization=basic())
    await refused(rp, ended, ReasonCode.AUTHORIZATION_ENDED)


@pytest.mark.spec("RFC 9700 §4.7")
async def test_sign_in_cannot_be_continued_in_another_browser(rp: RelyingParty) -> None:
    """An interaction is bound to the browser that began it."""
    victim = await at_sign_in(rp)  # a browser with a sign-in of its own
    await victim.open((await at_sign_in(rp)).page.url)
    assert victim.left_to is None
    code = await reason_of(rp.world, rp.issuer, victim.page.headers)
    assert code is ReasonCode.INTERACTION_UNKNOWN


@pytest.mark.spec("RFC 9700 §4.7")
async def test_sign_in_that_does_not_exist_is_unknown(rp: RelyingParty) -> None:
    """An invented address is no interaction."""
    response = await get(rp.world, rp.issuer, rp.issuer.endpoint(f"interaction/{'A' * 22}"))
    assert await reason_of(rp.world, rp.issuer, response.headers) is ReasonCode.INTERACTION_UNKNOWN


@pytest.mark.spec("RFC 9700 §4.7")
@pytest.mark.spec("CWE-352")
async def test_form_that_another_site_made_up_is_refused(rp: RelyingParty) -> None:
    """Cross-site request forgery: a form needs the token of its own page."""
    person = await at_sign_in(rp)
    action = person.page.form_with("sign-in").action
    await person.post(action, {"username": "alice", "password": PASSWORD, "csrf": "x"})
    assert person.page.status == 403
    code = await reason_of(rp.world, rp.issuer, person.page.headers)
    assert code is ReasonCode.FORM_FORGED


@pytest.mark.spec("CWE-352")
async def test_sign_out_needs_the_token_of_its_page(rp: RelyingParty) -> None:
    """Nobody is signed out by a foreign form: without the token the question is asked."""
    person = await rp.signed_in()
    url = rp.issuer.endpoint("logout")
    asked = await person.http.post(url, data={"x": "y"})
    assert 'id="sign-out"' in asked.text
    forged = await person.http.post(url, data={"csrf": "x"})
    assert await reason_of(rp.world, rp.issuer, forged.headers) is ReasonCode.FORM_FORGED
    assert "code" in returned(rp, await ask(rp, person, prompt="none"))


@pytest.mark.spec("RFC 9700 §4.11.2")
async def test_nobody_is_sent_on_before_the_address_is_proved(rp: RelyingParty) -> None:
    """The server is no open redirector: an invalid client or URI is never redirected to."""
    for changes in ({"client_id": "nobody"}, {"redirect_uri": "https://evil.example"}):
        response = await ask(rp, None, **changes)
        assert response.status_code == 400
        assert "location" not in response.headers


@pytest.mark.spec("RFC 9700 §4.12")
async def test_redirect_after_a_form_does_not_send_the_form_on(rp: RelyingParty) -> None:
    """Never 307: the credentials of a form must not reach the client. 303 is right."""
    person = await at_sign_in(rp)
    form = person.page.form_with("sign-in")
    sent = {**form.values, "username": "alice", "password": PASSWORD}
    response = await person.http.post(form.action, data=sent)
    assert response.status_code == 303
    assert (await ask(rp, await rp.signed_in())).status_code == 303


@pytest.mark.spec("RFC 9700 §4.13")
async def test_session_cookie_is_kept_from_scripts_and_foreign_forms(rp: RelyingParty) -> None:
    """Cookies are HttpOnly and SameSite=Lax."""
    person = await at_sign_in(rp)
    form = person.page.form_with("sign-in")
    sent = {**form.values, "username": "alice", "password": PASSWORD}
    # One request with both, as a password manager sends it.
    response = await person.http.post(form.action, data=sent)
    cookies = response.headers.get_list("set-cookie")
    assert cookies
    for cookie in cookies:
        assert "; HttpOnly" in cookie
        assert "; SameSite=Lax" in cookie


@pytest.mark.spec("RFC 9700 §4.16")
async def test_sign_in_and_consent_pages_cannot_be_framed(rp: RelyingParty) -> None:
    """Servers must prevent clickjacking."""
    person = await at_sign_in(rp)
    assert "frame-ancestors 'none'" in person.page.headers["content-security-policy"]
    await person.sign_in("alice", PASSWORD)
    assert "frame-ancestors 'none'" in person.page.headers["content-security-policy"]


# ---- §2.2.2, §4.14 refresh tokens ---------------------------------------------------------------


@pytest.mark.spec("RFC 9700 §2.2.2")
async def test_refresh_token_of_a_public_client_is_rotated(spa: RelyingParty) -> None:
    """Refresh tokens of public clients must be sender-constrained or rotated."""
    tokens = await spa.tokens(scope="openid offline_access")
    refreshed = (await spa.refresh(tokens["refresh_token"])).json()
    assert refreshed["refresh_token"] != tokens["refresh_token"]


@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_old_refresh_token_ends_the_authorization(rp: RelyingParty) -> None:
    """Reuse of an invalidated refresh token revokes the active one as well."""
    first = (await rp.tokens(scope="openid offline_access"))["refresh_token"]
    second = (await rp.refresh(first)).json()["refresh_token"]
    third = (await rp.refresh(second)).json()
    reused = await rp.refresh(first)
    await refused(rp, reused, ReasonCode.REFRESH_TOKEN_REUSED)
    active = await rp.refresh(third["refresh_token"])
    await refused(rp, active, ReasonCode.AUTHORIZATION_ENDED)
    await refused(rp, await rp.userinfo(third["access_token"]), ReasonCode.TOKEN_REVOKED)


@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_predecessor_is_accepted_inside_the_grace_and_gives_the_same_successor(
    rp: RelyingParty,
) -> None:
    """A client that lost the answer is no attacker: for 30 seconds it gets the same again."""
    first = (await rp.tokens(scope="openid offline_access"))["refresh_token"]
    one = (await rp.refresh(first)).json()["refresh_token"]
    rp.world.clock.time += 29
    assert (await rp.refresh(first)).json()["refresh_token"] == one


@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_predecessor_after_the_grace_is_reuse(rp: RelyingParty) -> None:
    """The window is short."""
    first = (await rp.tokens(scope="openid offline_access"))["refresh_token"]
    await rp.refresh(first)
    rp.world.clock.time += 30
    await refused(rp, await rp.refresh(first), ReasonCode.REFRESH_TOKEN_REUSED)


@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_grace_can_be_switched_off_for_a_client(rp: RelyingParty) -> None:
    """With a grace of 0 every repetition is reuse."""
    await rp.world.add_client(a_client("strict", rp.issuer, refresh_grace=0), rp.issuer)
    rp.client_id = "strict"
    first = (await rp.tokens(scope="openid offline_access"))["refresh_token"]
    assert (await rp.refresh(first)).status_code == 200
    await refused(rp, await rp.refresh(first), ReasonCode.REFRESH_TOKEN_REUSED)


@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_reuse_ends_one_authorization_and_no_other(rp: RelyingParty) -> None:
    """What another sign-in of the same person gave is not touched."""
    first = (await rp.tokens(scope="openid offline_access"))["refresh_token"]
    other = (await rp.tokens(scope="openid offline_access"))["refresh_token"]
    second = (await rp.refresh(first)).json()["refresh_token"]
    await rp.refresh(second)
    await refused(rp, await rp.refresh(first), ReasonCode.REFRESH_TOKEN_REUSED)
    assert (await rp.refresh(other)).status_code == 200


@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_refresh_token_does_not_survive_a_new_password(rp: RelyingParty) -> None:
    """Refresh tokens may be revoked on a change of password, and are."""
    tokens = await rp.tokens(scope="openid offline_access")
    issuer_id = rp.issuer.issuer_id
    user = await rp.world.store.users.find_by_username(issuer_id, "alice")
    assert user is not None
    assert user.password_hash
    event = an_event()
    assert event.at == START
    rp.world.clock.time += 10
    changed = replace(event, at=rp.world.clock.time)
    users = rp.world.store.users
    await users.set_password(issuer_id, user.user_id, user.password_hash, changed)
    response = await rp.refresh(tokens["refresh_token"])
    await refused(rp, response, ReasonCode.AUTHORIZATION_ENDED)


@pytest.mark.spec("RFC 9700 §4.15.1")
async def test_subject_of_a_client_is_never_that_of_a_person(rp: RelyingParty) -> None:
    """A client must not be able to influence its sub so that it passes for a resource owner."""
    members = (await rp.token(grant_type="client_credentials", scope="openid")).json()
    response = await rp.userinfo(members["access_token"])
    await refused(rp, response, ReasonCode.SCOPE_INSUFFICIENT)


@pytest.mark.spec("RFC 9700 §4.7")
async def test_two_sign_ins_in_one_browser_do_not_disturb_each_other(rp: RelyingParty) -> None:
    """Each request has an interaction of its own."""
    person = rp.person()
    one, two = rp.begin(), rp.begin()
    await person.open(one.url)
    first_page = person.page.url
    await person.open(two.url)
    await go_through(person)
    assert callback(person)["state"] == two.state
    await person.open(first_page)
    await go_through(person)
    assert callback(person)["state"] == one.state
