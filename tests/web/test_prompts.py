"""What a client may ask of the pages with `prompt` and `max_age`. OIDC Core §3.1.2.1."""

from playwright.async_api import expect

from tests.kit.relying_party import RelyingParty, payload
from tests.web.client_app import Arrival
from tests.web.visitor import IN_BROWSER, Visitor

pytestmark = IN_BROWSER


async def identity(party: RelyingParty, verifier: str, arrival: Arrival) -> dict[str, object]:
    answer = await party.token(
        grant_type="authorization_code",
        code=arrival.parameters["code"],
        redirect_uri=party.redirect_uri,
        code_verifier=verifier,
    )
    return payload(answer.json()["id_token"])


async def test_none_without_a_session_is_refused_without_a_page(visitor: Visitor) -> None:
    flow = await visitor.ask(prompt="none")
    await visitor.see("Back in the app")
    arrival = await visitor.site.app.arrival()
    assert arrival.parameters["error"] == "login_required"
    assert arrival.parameters["state"] == flow.state


async def test_none_with_a_session_gives_a_code_without_a_page(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.site.app.arrival()
    await visitor.ask(prompt="none")
    assert "code" in (await visitor.site.app.arrival()).parameters


async def test_none_is_refused_where_consent_is_missing(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.site.app.arrival()
    await visitor.ask(visitor.site.relying_party("bakery"), prompt="none")
    assert (await visitor.site.app.arrival()).parameters["error"] == "consent_required"


async def test_a_session_of_one_issuer_is_none_at_the_other(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.site.app.arrival()
    await visitor.ask(visitor.site.relying_party(issuer="consumer"), prompt="none")
    assert (await visitor.site.app.arrival()).parameters["error"] == "login_required"


async def test_login_asks_for_the_password_again(visitor: Visitor) -> None:
    party = visitor.site.relying_party()
    first = await visitor.signed_in(party)
    before = await identity(party, first.verifier, await visitor.site.app.arrival())
    visitor.site.clock.time += 100
    second = await visitor.ask(party, prompt="login")
    await visitor.see("Sign in")
    await visitor.sign_in()
    after = await identity(party, second.verifier, await visitor.site.app.arrival())
    assert after["auth_time"] == int(str(before["auth_time"])) + 100
    assert after["sub"] == before["sub"]


async def test_a_sign_in_that_is_too_old_is_repeated(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.site.app.arrival()
    visitor.site.clock.time += 61
    await visitor.ask(max_age="60")
    await visitor.sign_in()
    assert "code" in (await visitor.site.app.arrival()).parameters


async def test_consent_is_asked_again_and_has_nothing_new(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.site.app.arrival()
    await visitor.ask(prompt="consent")
    await visitor.see("Budget Buddy asks for access to your information")
    await expect(visitor.page.get_by_text("New", exact=True)).to_have_count(0)
    await visitor.page.click("#allow")
    assert "code" in (await visitor.site.app.arrival()).parameters


async def test_a_wider_request_shows_what_is_new(visitor: Visitor) -> None:
    await visitor.signed_in(scope="openid profile")
    await visitor.site.app.arrival()
    await visitor.ask(scope="openid profile email")
    await visitor.see("Budget Buddy asks for more access to your information")
    titles = visitor.page.locator(".entry-title")
    email, profile = titles.filter(has_text="email"), titles.filter(has_text="profile")
    await expect(email).to_have_text("Your email address New")
    await expect(email).to_be_visible()
    await expect(profile).to_be_hidden()
    await visitor.page.get_by_text("You share this already (2)").click()
    await expect(profile).to_have_text("Your name and profile")
    await expect(profile).to_be_visible()


async def test_select_account_goes_on_with_who_is_signed_in(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.site.app.arrival()
    await visitor.ask(prompt="select_account")
    await visitor.see("You are already signed in")
    await visitor.page.get_by_role("button", name="Continue as Alice Q Adams").click()
    assert "code" in (await visitor.site.app.arrival()).parameters


async def test_select_account_lets_somebody_else_sign_in(visitor: Visitor) -> None:
    party = visitor.site.relying_party()
    first = await visitor.signed_in(party)
    alice = await identity(party, first.verifier, await visitor.site.app.arrival())
    second = await visitor.ask(party, prompt="select_account")
    await visitor.page.get_by_role("button", name="Use another account").click()
    await visitor.see("Sign in")
    await visitor.sign_in("bob")
    await expect(visitor.page.locator(".person")).to_contain_text("Bob Brown")
    await visitor.page.click("#allow")
    bob = await identity(party, second.verifier, await visitor.site.app.arrival())
    assert bob["sub"] != alice["sub"]
