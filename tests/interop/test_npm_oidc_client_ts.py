"""oidc-client-ts: a single-page application in a real browser."""

import time

import pytest

from ostiary.domain.client import AuthMethod
from tests.interop.libraries import LIBRARIES
from tests.interop.tab import Tab
from tests.interop.table import Flow, Refused

pytestmark = [*LIBRARIES["oidc-client-ts"].marks, pytest.mark.browser]
on_one_issuer = pytest.mark.parametrize("issuer_name", ["enterprise"])


@on_one_issuer
async def test_the_application_of_the_page(tab: Tab) -> None:
    await tab.page.goto(f"{tab.origin}/")
    username = await tab.answer()
    await tab.page.wait_for_url(f"{tab.origin}/")
    await tab.page.get_by_text(f"{username}@example.com").first.wait_for()


@pytest.mark.shows(Flow.CODE, Flow.PUBLIC_CLIENT, Flow.USERINFO, Flow.REFRESH)
async def test_sign_in_userinfo_and_renewal_by_the_refresh_token(tab: Tab) -> None:
    await tab.open()
    first = await tab.sign_in()
    assert first["profile"]["iss"] == tab.desk.issuer
    assert first["profile"]["exp"] > time.time()
    assert first["profile"]["email"].startswith("newcomer-")
    assert first["tokens"]["token_type"] == "Bearer"
    second = await tab.do("renew")
    assert second["profile"]["sub"] == first["profile"]["sub"]
    assert second["tokens"]["refresh_token"] != first["tokens"]["refresh_token"]
    assert len(tab.page.frames) == 1


@on_one_issuer
@pytest.mark.shows(Flow.PROMPT_NONE)
async def test_renewal_in_a_frame_of_the_same_site(tab: Tab) -> None:
    """The answer to prompt=none is a redirect, which no rule about frames holds back."""
    await tab.open()
    first = await tab.sign_in()
    second = await tab.do("renewInFrame")
    assert second["profile"]["sub"] == first["profile"]["sub"]
    assert second["tokens"]["access_token"] != first["tokens"]["access_token"]


@pytest.mark.parametrize("issuer_name", ["consumer"])
async def test_renewal_in_a_frame_of_another_site_has_no_session(tab: Tab) -> None:
    """127.0.0.1 and localhost are two sites: the cookie stays at home, and the library is told so."""
    await tab.open()
    await tab.sign_in()
    failure = (await tab.do("renewInFrame"))["failure"]
    assert (failure["name"], failure["error"]) == ("ErrorResponse", "login_required")


@on_one_issuer
@pytest.mark.shows(Refused.DENIED)
async def test_consent_denied(tab: Tab) -> None:
    await tab.open()
    failure = (await tab.sign_in(decision="deny"))["failure"]
    assert (failure["name"], failure["error"]) == ("ErrorResponse", "access_denied")


@on_one_issuer
@pytest.mark.shows(Refused.TAMPERED_STATE)
async def test_tampered_state(tab: Tab) -> None:
    await tab.open()
    await tab.go("signIn")
    await tab.answer()
    await tab.page.wait_for_url(f"{tab.home}?*")
    await tab.page.evaluate(
        "history.replaceState({}, '', location.href.replace(/state=[^&]*/, 'state=of-another'))"
    )
    assert "state" in (await tab.do("finish"))["failure"]["message"]


@on_one_issuer
@pytest.mark.shows(Refused.WRONG_SECRET)
async def test_wrong_secret(tab: Tab) -> None:
    """A secret in a browser is none, but the library has a place for it."""
    registration = {"auth_method": AuthMethod.CLIENT_SECRET, "web_origins": (tab.origin,)}
    await tab.open(registration=registration, client_secret="wrong")
    failure = (await tab.sign_in())["failure"]
    assert (failure["name"], failure["error"]) == ("ErrorResponse", "invalid_client")


@on_one_issuer
async def test_the_script_can_read_why_userinfo_refused(tab: Tab) -> None:
    await tab.open()
    message = (await tab.do("userinfo", "not-a-token"))["failure"]["message"]
    assert 'error="invalid_token"' in message


@pytest.mark.parametrize("issuer_name", ["consumer"])
async def test_an_origin_that_no_client_has_reads_nothing(tab: Tab) -> None:
    """CORS: the browser keeps the answer from the script; discovery is for everybody."""
    await tab.open(registration={"redirect_uris": ("https://ledger.example.com/cb",)})
    assert (await tab.do("userinfo", "not-a-token"))["failure"]["message"] == "Failed to fetch"


@on_one_issuer
@pytest.mark.shows(Flow.DPOP)
async def test_tokens_bound_to_a_key_of_the_browser(tab: Tab) -> None:
    await tab.open(dpop=True, registration={"require_dpop": True})
    first = await tab.sign_in()
    assert first["tokens"]["token_type"] == "DPoP"
    shown = await tab.do("userinfoWithProof")
    assert shown["profile"]["sub"] == first["profile"]["sub"]
    assert shown["profile"]["email"].startswith("newcomer-")
    second = await tab.do("renew")
    assert second["tokens"]["token_type"] == "DPoP"


@on_one_issuer
@pytest.mark.shows(Flow.REVOCATION)
async def test_revocation(tab: Tab) -> None:
    await tab.open()
    tokens = (await tab.sign_in())["tokens"]
    assert "failure" not in await tab.do("revoke")
    message = (await tab.do("userinfo", tokens["access_token"]))["failure"]["message"]
    assert 'error="invalid_token"' in message


@on_one_issuer
@pytest.mark.shows(Flow.LOGOUT)
async def test_sign_out(tab: Tab) -> None:
    """The library sends the ID token as a hint: nothing is asked, and the session is over."""
    await tab.open()
    await tab.sign_in()
    await tab.go("signOut")
    await tab.page.wait_for_url(f"{tab.home}?*")
    assert await tab.do("returned") == {"state": "signed-out"}
    await tab.go("signIn")
    await tab.page.locator("#username").wait_for()
