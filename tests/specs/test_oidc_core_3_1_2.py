"""OIDC Core §3.1.2.2 to §3.1.2.6: validated, signed in, consented, answered."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty, callback
from tests.kit.world import PASSWORD, an_event
from tests.specs.wire import ask, asks_for, reason_of, returned, sent_back

# ---- §3.1.2.2 request validation --------------------------------------------------------------


@pytest.mark.spec("OIDC Core §3.1.2.2")
async def test_unrecognized_parameters_are_ignored(rp: RelyingParty) -> None:
    """The server should ignore parameters that it does not recognize."""
    response = await ask(rp, await rp.signed_in(), foo="bar", nonsense="1")
    assert "code" in returned(rp, response)


@pytest.mark.spec("OIDC Core §3.1.2.2")
async def test_invalid_request_is_refused_before_anybody_is_asked(rp: RelyingParty) -> None:
    """An error in the request is answered with an error, and not after a sign-in."""
    for broken in ({"scope": '"'}, {"max_age": "x"}, {"response_type": "token"}):
        assert "error" in returned(rp, await ask(rp, None, **broken))


# ---- §3.1.2.3 the person signs in ---------------------------------------------------------------


@pytest.mark.spec("OIDC Core §3.1.2.3")
async def test_person_without_a_session_has_to_sign_in(rp: RelyingParty) -> None:
    """The server must attempt to authenticate whoever is not authenticated."""
    person = await rp.person().open(rp.begin().url)
    assert person.left_to is None
    assert asks_for(person, "sign-in")


@pytest.mark.spec("OIDC Core §3.1.2.3")
@pytest.mark.parametrize(
    ("username", "password"),
    [("alice", "wrong"), ("nobody", PASSWORD), ("harry", PASSWORD), ("alice", "")],
)
async def test_person_who_does_not_prove_it_gets_nowhere(
    rp: RelyingParty, username: str, password: str
) -> None:
    """A wrong password, an unknown name, or a member of another institution: all alike."""
    person = await rp.person().open(rp.begin().url)
    await person.sign_in(username, password)
    assert person.left_to is None
    assert asks_for(person, "sign-in")


@pytest.mark.spec("OIDC Core §3.1.2.3")
async def test_prompt_none_never_shows_a_page(rp: RelyingParty) -> None:
    """The server must not interact with the person when prompt is none."""
    person = await rp.signed_in()
    for changes in ({}, {"max_age": "0"}, {"scope": "openid address"}):
        response = await ask(rp, person, **{"prompt": "none", **changes})
        assert response.headers["location"].startswith(rp.redirect_uri)


@pytest.mark.spec("OIDC Core §3.1.2.3")
async def test_session_of_a_person_who_was_switched_off_is_none(rp: RelyingParty) -> None:
    """Authenticated means authenticated still."""
    person = await rp.signed_in()
    user_id = await rp.world.user_id("alice", rp.issuer)
    await rp.world.store.users.set_disabled(rp.issuer.issuer_id, user_id, 1, an_event())
    await sent_back(rp, await ask(rp, person, prompt="none"), ReasonCode.LOGIN_REQUIRED)


@pytest.mark.spec("OIDC Core §3.1.2.3")
async def test_session_that_was_signed_out_of_is_none(rp: RelyingParty) -> None:
    """After a sign-out the next request asks again."""
    person = await rp.signed_in()
    await person.open(rp.issuer.endpoint("logout"))
    await person.press("sign-out")
    await sent_back(rp, await ask(rp, person, prompt="none"), ReasonCode.LOGIN_REQUIRED)


@pytest.mark.spec("OIDC Core §3.1.2.3")
@pytest.mark.parametrize("seconds", [3600, 86_400])
async def test_session_ends_by_itself(rp: RelyingParty, seconds: int) -> None:
    """A session that was not used for an hour has to be begun again."""
    person = await rp.signed_in()
    rp.world.clock.time += seconds
    await sent_back(rp, await ask(rp, person, prompt="none"), ReasonCode.LOGIN_REQUIRED)


@pytest.mark.spec("OIDC Core §3.1.2.3")
async def test_session_cookie_that_was_never_issued_is_none(rp: RelyingParty) -> None:
    """Nobody signs in by inventing a cookie."""
    async with rp.world.http(rp.issuer) as http:
        name = f"ostiary-session-{rp.issuer.issuer_id}"
        cookie = {"cookie": f"{name}=os_{'A' * 56}"}
        response = await http.get(rp.begin(prompt="none").url, headers=cookie)
    await sent_back(rp, response, ReasonCode.LOGIN_REQUIRED)


@pytest.mark.spec("OIDC Core §3.1.2.3")
async def test_sign_in_form_without_its_token_is_refused(rp: RelyingParty) -> None:
    """The server must protect the sign-in against forged requests."""
    person = await rp.person().open(rp.begin().url)
    form = person.page.form_with("sign-in")
    await person.post(form.action, {"username": "alice", "password": PASSWORD})
    code = await reason_of(rp.world, rp.issuer, person.page.headers)
    assert code is ReasonCode.FORM_FORGED


@pytest.mark.spec("OIDC Core §3.1.2.3")
async def test_sign_in_page_cannot_be_framed(rp: RelyingParty) -> None:
    """The server must protect the sign-in against clickjacking."""
    person = await rp.person().open(rp.begin().url)
    assert "frame-ancestors 'none'" in person.page.headers["content-security-policy"]


# ---- §3.1.2.4 consent -----------------------------------------------------------------------------


@pytest.mark.spec("OIDC Core §3.1.2.4")
async def test_nothing_is_released_before_the_person_has_allowed_it(rp: RelyingParty) -> None:
    """The server must obtain an authorization decision first."""
    person = await rp.person().open(rp.begin().url)
    await person.sign_in("alice", PASSWORD)
    assert person.left_to is None
    assert "The web app" in person.page.text


@pytest.mark.spec("OIDC Core §3.1.2.4")
async def test_what_was_allowed_before_is_not_asked_again(rp: RelyingParty) -> None:
    """Consent may be established by conditions such as an earlier one."""
    person = await rp.signed_in(scope="openid email")
    assert "code" in returned(rp, await ask(rp, person, scope="openid"))


@pytest.mark.spec("OIDC Core §3.1.2.4")
async def test_more_than_was_allowed_before_is_asked(rp: RelyingParty) -> None:
    """A wider request is another decision."""
    person = await rp.signed_in(scope="openid")
    none = await ask(rp, person, scope="openid email", prompt="none")
    await sent_back(rp, none, ReasonCode.CONSENT_REQUIRED)
    await person.open(rp.begin(scope="openid email").url)
    assert asks_for(person, "allow")


@pytest.mark.spec("OIDC Core §3.1.2.4")
async def test_consent_may_be_given_by_the_institution_for_its_own_client(
    rp: RelyingParty,
) -> None:
    """Administrative consent is a way of establishing it."""
    rp.client_id = "trusted"
    person = await rp.person().open(rp.begin().url)
    await person.sign_in("alice", PASSWORD)
    assert "code" in callback(person)


@pytest.mark.spec("OIDC Core §3.1.2.4")
async def test_form_cannot_widen_what_is_allowed(rp: RelyingParty) -> None:
    """The person allows what the stored request asks, whatever the form says."""
    flow = rp.begin(scope="openid")
    person = await rp.person().open(flow.url)
    await person.sign_in("alice", PASSWORD)
    await person.press("allow", scope="openid email profile")
    tokens = (await rp.redeem(flow, callback(person)["code"])).json()
    assert tokens["scope"] == "openid"


# ---- §3.1.2.5 and §3.1.2.6 the answer -------------------------------------------------------------


@pytest.mark.spec("OIDC Core §3.1.2.5")
async def test_successful_response_has_code_and_state(rp: RelyingParty) -> None:
    """As in RFC 6749 §4.1.2; nothing else of the tokens is in it."""
    flow, response = await rp.authorize(rp.person())
    assert set(response) == {"code", "state", "iss"}
    assert response["state"] == flow.state


@pytest.mark.spec("OIDC Core §3.1.2.6")
async def test_consent_required_is_told_when_nothing_may_be_asked(rp: RelyingParty) -> None:
    """consent_required: prompt is none, and consent would have to be asked for."""
    person = await rp.signed_in(scope="openid")
    response = await ask(rp, person, scope="openid phone", prompt="none")
    assert (await sent_back(rp, response, ReasonCode.CONSENT_REQUIRED))["state"]


@pytest.mark.spec("OIDC Core §3.1.2.6")
async def test_login_required_is_told_when_nobody_is_signed_in(rp: RelyingParty) -> None:
    """login_required: prompt is none, and somebody would have to sign in."""
    response = await ask(rp, prompt="none")
    assert (await sent_back(rp, response, ReasonCode.LOGIN_REQUIRED))["state"]


@pytest.mark.spec("OIDC Core §3.1.2.6")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("request", ReasonCode.REQUEST_UNSUPPORTED),
        ("request_uri", ReasonCode.REQUEST_URI_UNSUPPORTED),
        ("registration", ReasonCode.REGISTRATION_UNSUPPORTED),
    ],
)
async def test_parameter_that_would_change_the_request_is_refused_and_not_ignored(
    rp: RelyingParty, name: str, code: ReasonCode
) -> None:
    """An OP that does not support these must return the error that belongs to each."""
    response = await ask(rp, await rp.signed_in(), **{name: "https://rp.example/x"})
    await sent_back(rp, response, code)


@pytest.mark.spec("OIDC Core §6.1")
async def test_request_object_is_not_supported(rp: RelyingParty) -> None:
    """A provider without request objects answers request_not_supported."""
    parameters = await sent_back(
        rp, await ask(rp, request="e30.e30."), ReasonCode.REQUEST_UNSUPPORTED
    )
    assert parameters["error"] == "request_not_supported"


@pytest.mark.spec("OIDC Core §6.2")
async def test_request_uri_is_not_supported_and_not_fetched(rp: RelyingParty) -> None:
    """A provider without request_uri answers request_uri_not_supported."""
    response = await ask(rp, request_uri="http://127.0.0.1:1/x")
    parameters = await sent_back(rp, response, ReasonCode.REQUEST_URI_UNSUPPORTED)
    assert parameters["error"] == "request_uri_not_supported"


@pytest.mark.spec("OIDC Core §7.2.1")
async def test_registration_parameter_is_not_supported(rp: RelyingParty) -> None:
    """A provider that is not self-issued answers registration_not_supported."""
    response = await ask(rp, registration="{}")
    parameters = await sent_back(rp, response, ReasonCode.REGISTRATION_UNSUPPORTED)
    assert parameters["error"] == "registration_not_supported"


@pytest.mark.spec("OIDC Core §3.1.2.6")
async def test_account_selection_required_is_an_error_that_no_request_can_reach(
    rp: RelyingParty,
) -> None:
    """Only prompt=select_account asks for an account, and none cannot stand beside it."""
    person = await rp.signed_in()
    response = await ask(rp, person, prompt="none select_account")
    await sent_back(rp, response, ReasonCode.PROMPT_MALFORMED)
