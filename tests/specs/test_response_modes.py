"""OAuth Multiple Response Types §2.1 and Form Post §2: how a response travels."""

from urllib.parse import urlsplit

import pytest

from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.response_mode import ResponseMode
from tests.kit.person import Page
from tests.kit.relying_party import RelyingParty
from tests.kit.world import PASSWORD, a_client
from tests.specs.wire import ask, basic, get, post_token, reason_of, returned, sent_back


@pytest.mark.spec("OAuth Multiple Response Types §2.1")
@pytest.mark.parametrize("mode", [None, "query"])
async def test_code_travels_in_the_query_by_default(rp: RelyingParty, mode: str | None) -> None:
    """query is the default mode of the response type code."""
    response = await ask(rp, await rp.signed_in(), response_mode=mode)
    parts = urlsplit(response.headers["location"])
    assert "code=" in parts.query
    assert not parts.fragment


@pytest.mark.spec("OAuth Multiple Response Types §2.1")
async def test_code_travels_in_the_fragment_when_asked_to(rp: RelyingParty) -> None:
    """fragment: the parameters are in the fragment of the redirect URI."""
    response = await ask(rp, await rp.signed_in(), response_mode="fragment")
    parts = urlsplit(response.headers["location"])
    assert "code=" in parts.fragment
    assert not parts.query


@pytest.mark.spec("OAuth Multiple Response Types §2.1")
async def test_error_travels_as_the_response_would_have(rp: RelyingParty) -> None:
    """The mode holds for errors too."""
    response = await ask(rp, prompt="none", response_mode="fragment")
    assert "error=login_required" in urlsplit(response.headers["location"]).fragment


@pytest.mark.spec("OAuth Multiple Response Types §2.1")
@pytest.mark.parametrize("mode", ["banana", "QUERY", "jwt", "web_message", "query fragment"])
async def test_unknown_response_mode_is_refused_in_the_query(rp: RelyingParty, mode: str) -> None:
    """A mode that is not supported is an invalid request, told by the default mode."""
    response = await ask(rp, await rp.signed_in(), response_mode=mode)
    await sent_back(rp, response, ReasonCode.RESPONSE_MODE_UNSUPPORTED)
    assert not urlsplit(response.headers["location"]).fragment


@pytest.mark.spec("OAuth Multiple Response Types §2.1")
async def test_response_mode_that_the_client_may_not_use_is_refused(rp: RelyingParty) -> None:
    """A client can be held to some of the modes."""
    modes = frozenset({ResponseMode.QUERY})
    await rp.world.add_client(a_client("strict", rp.issuer, response_modes=modes), rp.issuer)
    rp.client_id = "strict"
    response = await ask(rp, response_mode="fragment")
    await sent_back(rp, response, ReasonCode.RESPONSE_MODE_UNSUPPORTED)


@pytest.mark.spec("Form Post §2")
async def test_form_post_is_a_page_whose_form_goes_to_the_redirect_uri(rp: RelyingParty) -> None:
    """The response is HTML whose form posts the parameters, and only them, to the client."""
    flow = rp.begin(response_mode="form_post")
    page = Page(await (await rp.signed_in()).http.get(flow.url))
    (form,) = page.forms
    assert page.status == 200
    assert form.action == rp.redirect_uri
    assert set(form.values) == {"code", "state", "iss"}
    assert form.values["state"] == flow.state
    assert 'method="post"' in page.html


@pytest.mark.spec("Form Post §2")
async def test_code_that_came_by_form_post_gives_tokens(rp: RelyingParty) -> None:
    """It is a code as any other."""
    flow = rp.begin(response_mode="form_post")
    (form,) = Page(await (await rp.signed_in()).http.get(flow.url)).forms
    answer = await rp.redeem(flow, form.values["code"])
    assert answer.status_code == 200


@pytest.mark.spec("Form Post §2")
async def test_form_post_sends_itself_and_has_a_button_for_browsers_without_scripts(
    rp: RelyingParty,
) -> None:
    """The form is submitted by a script, which the page's policy allows."""
    page = Page(await (await rp.signed_in()).http.get(rp.begin(response_mode="form_post").url))
    assert "form-post" in page.html
    assert "Continue" in page.text
    source = page.html.partition('<script src="')[2].partition('"')[0]
    script = await get(rp.world, rp.issuer, source)
    assert script.status_code == 200
    assert "form-action" not in page.headers["content-security-policy"]


@pytest.mark.spec("Form Post §4")
async def test_form_post_page_is_not_stored(rp: RelyingParty) -> None:
    """The response is used once: nobody may keep or reuse it."""
    page = Page(await (await rp.signed_in()).http.get(rp.begin(response_mode="form_post").url))
    assert "no-store" in page.headers["cache-control"]
    assert page.headers["pragma"] == "no-cache"


@pytest.mark.spec("Form Post §2")
async def test_error_by_form_post_carries_error_and_state(rp: RelyingParty) -> None:
    """Errors travel in the form as well."""
    flow = rp.begin(response_mode="form_post", prompt="none")
    async with rp.world.http(rp.issuer) as http:
        response = await http.get(flow.url)
    (form,) = Page(response).forms
    assert form.action == rp.redirect_uri
    assert form.values["error"] == "login_required"
    assert form.values["state"] == flow.state
    assert await reason_of(rp.world, rp.issuer, response.headers) is ReasonCode.LOGIN_REQUIRED


@pytest.mark.spec("Form Post §2")
async def test_response_after_the_pages_comes_by_form_post_too(rp: RelyingParty) -> None:
    """The mode of the request is kept while the person is asked."""
    person = await rp.person().open(rp.begin(response_mode="form_post").url)
    await person.sign_in("alice", PASSWORD)
    await person.press("allow")
    (form,) = person.page.forms
    assert "code" in form.values


@pytest.mark.spec("OAuth Multiple Response Types §5")
async def test_response_type_none_and_combinations_are_not_there(rp: RelyingParty) -> None:
    """Only what discovery lists is supported: code alone."""
    for response_type in ("none", "code token", "id_token token", "token code"):
        assert returned(rp, await ask(rp, response_type=response_type))["error"] == (
            "unsupported_response_type"
        )
    # The client is none the worse for it.
    response = await post_token(rp, {"grant_type": "client_credentials"}, authorization=basic())
    assert response.status_code == 200
