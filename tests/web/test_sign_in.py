"""Signing in through the real pages, to tokens that verify."""

import jwt
import pytest
from playwright.async_api import expect

from tests.kit.relying_party import Flow, RelyingParty
from tests.web.client_app import Arrival
from tests.web.visitor import IN_BROWSER, Visitor

pytestmark = IN_BROWSER

BOTH = pytest.mark.parametrize("issuer", ["enterprise", "consumer"])


async def check_tokens(party: RelyingParty, flow: Flow, arrival: Arrival) -> None:
    """Redeem what arrived, and verify what it gives with keys from the network alone."""
    assert arrival.parameters["state"] == flow.state
    assert arrival.parameters["iss"] == party.issuer.url
    answer = await party.redeem(flow, arrival.parameters["code"])
    assert answer.status_code == 200, answer.text
    async with party.world.http(party.issuer) as http:
        metadata = (await http.get(f"{party.issuer.url}/.well-known/openid-configuration")).json()
        keys = jwt.PyJWKSet.from_dict((await http.get(metadata["jwks_uri"])).json())
    tokens = answer.json()
    identity = verified(tokens["id_token"], keys, party.client_id, party.issuer.url)
    access = verified(tokens["access_token"], keys, None, party.issuer.url)
    assert identity["nonce"] == flow.nonce
    assert identity["sub"] == access["sub"]
    userinfo = await party.userinfo(tokens["access_token"])
    assert userinfo.json()["name"] == "Alice Q Adams"


def verified(
    token: str, keys: jwt.PyJWKSet, audience: str | None, issuer: str
) -> dict[str, object]:
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, object] = jwt.decode(
        token,
        key,
        algorithms=[key.algorithm_name],
        audience=audience,
        issuer=issuer,
        options={"verify_aud": audience is not None, "require": ["exp", "iat", "sub"]},
    )
    return claims


@BOTH
async def test_alice_signs_in_allows_and_the_client_gets_tokens(
    visitor: Visitor, issuer: str
) -> None:
    party = visitor.site.relying_party(issuer=issuer)
    flow = await visitor.ask(party)
    await visitor.see("Sign in")
    await visitor.page.get_by_label("Username", exact=True).fill("alice")
    await visitor.page.get_by_role("button", name="Continue").click()
    await visitor.see("Enter your password")
    await visitor.page.get_by_label("Password", exact=True).fill("ostiary-demo")
    await visitor.page.get_by_role("button", name="Sign in").click()
    await visitor.see("Budget Buddy asks for access to your information")
    await expect(visitor.page.get_by_text("Alice Q Adams")).to_be_visible()
    await visitor.page.get_by_role("button", name="Allow", exact=True).click()
    await visitor.see("Back in the app")
    await check_tokens(party, flow, await visitor.site.app.arrival())


@BOTH
async def test_the_whole_way_needs_no_javascript(unscripted: Visitor, issuer: str) -> None:
    party = unscripted.site.relying_party(issuer=issuer)
    flow = await unscripted.signed_in(party)
    await unscripted.see("Back in the app")
    await check_tokens(party, flow, await unscripted.site.app.arrival())


async def test_both_fields_stand_on_one_page_where_the_institution_likes_it(
    visitor: Visitor,
) -> None:
    party = visitor.site.relying_party("harbor")
    await visitor.ask(party)
    await visitor.see("Sign in")
    await expect(visitor.page.locator(".wordmark")).to_contain_text("Harbor Community Bank")
    await visitor.page.get_by_label("Username", exact=True).fill("bob")
    await visitor.page.get_by_label("Password", exact=True).fill("ostiary-demo")
    await visitor.page.get_by_role("button", name="Sign in").click()
    await visitor.see("Budget Buddy asks for access to your information")
    await visitor.page.click("#allow")
    assert "code" in (await visitor.site.app.arrival()).parameters


async def test_denying_tells_the_client_and_nothing_else(visitor: Visitor) -> None:
    flow = await visitor.ask()
    await visitor.sign_in()
    await visitor.page.get_by_role("button", name="Don’t allow").click()
    await visitor.see("Back in the app")
    arrival = await visitor.site.app.arrival()
    assert arrival.parameters["error"] == "access_denied"
    assert arrival.parameters["state"] == flow.state
    assert "code" not in arrival.parameters


async def test_what_was_allowed_is_not_asked_again(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.see("Back in the app")
    await visitor.ask()
    assert "code" in (await visitor.site.app.arrival()).parameters
    assert "code" in (await visitor.site.app.arrival()).parameters


# ---- what goes wrong -----------------------------------------------------------------------


async def test_a_wrong_password_is_explained_and_can_be_mended(visitor: Visitor) -> None:
    visitor.watch.expect_status(400)
    page = visitor.page
    await visitor.ask()
    await visitor.sign_in(password="wrong")
    summary = page.get_by_role("alert")
    await expect(summary).to_be_focused()
    await expect(summary).to_contain_text("There is a problem")
    await expect(page).to_have_title("Error: Enter your password – Garden Credit Union")
    password = page.get_by_label("Password", exact=True)
    wrong_pair = "That username or password is not right. Check both and try again."
    await expect(password).to_have_accessible_description(f"Error: {wrong_pair}")
    await expect(password).to_have_value("")
    await expect(page.locator(".person")).to_contain_text("alice")
    await summary.get_by_role("link", name=wrong_pair).click()
    await expect(password).to_be_focused()
    await password.fill("ostiary-demo")
    await page.click("#sign-in")
    await visitor.see("Budget Buddy asks for access to your information")


async def test_a_wrong_password_keeps_the_username_on_one_page(visitor: Visitor) -> None:
    visitor.watch.expect_status(400)
    await visitor.ask(visitor.site.relying_party("harbor"))
    await visitor.sign_in("bob", "wrong")
    await expect(visitor.page.get_by_role("alert")).to_be_focused()
    await expect(visitor.page.locator("#username")).to_have_value("bob")
    await expect(visitor.page.locator("#current-password")).to_have_value("")
    await visitor.page.fill("#current-password", "ostiary-demo")
    await visitor.page.click("#sign-in")
    await visitor.see("Budget Buddy asks for access to your information")


async def test_an_unknown_username_reads_like_a_wrong_password(visitor: Visitor) -> None:
    visitor.watch.expect_status(400)
    seen = []
    for username in ("alice", "nobody"):
        await visitor.ask()
        await visitor.sign_in(username, "wrong")
        await expect(visitor.page.get_by_role("alert")).to_be_focused()
        await expect(visitor.page.locator(".person")).to_contain_text(username)
        await visitor.page.evaluate("document.querySelector('.person').remove()")
        seen.append((await visitor.page.title(), await visitor.page.inner_text("body")))
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("client_id", "errors"),
    [
        ("budget", ["Enter your username"]),
        ("harbor", ["Enter your username", "Enter your password"]),
    ],
)
async def test_empty_fields_are_named(visitor: Visitor, client_id: str, errors: list[str]) -> None:
    visitor.watch.expect_status(400)
    await visitor.ask(visitor.site.relying_party(client_id))
    await visitor.page.click("#sign-in")
    summary = visitor.page.get_by_role("alert")
    await expect(summary).to_be_focused()
    await expect(summary.get_by_role("link")).to_have_text(errors)
    await expect(visitor.page.locator("#username")).to_have_accessible_description(
        "Error: Enter your username"
    )


async def test_an_empty_password_is_named(visitor: Visitor) -> None:
    visitor.watch.expect_status(400)
    await visitor.ask()
    await visitor.sign_in(password="")
    await expect(visitor.page.get_by_role("alert").get_by_role("link")).to_have_text(
        ["Enter your password"]
    )


async def test_the_summary_has_the_focus_without_a_script(unscripted: Visitor) -> None:
    unscripted.watch.expect_status(400)
    await unscripted.ask()
    await unscripted.page.click("#sign-in")
    await expect(unscripted.page.get_by_role("alert")).to_be_focused()


# ---- small things --------------------------------------------------------------------------


async def test_the_field_to_type_into_has_the_focus(visitor: Visitor) -> None:
    await visitor.ask()
    await expect(visitor.page.locator("#username")).to_be_focused()
    await visitor.page.keyboard.type("alice")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator("#current-password")).to_be_focused()


async def test_a_login_hint_fills_in_the_username_and_skips_nothing(visitor: Visitor) -> None:
    await visitor.ask(login_hint="alice")
    await visitor.see("Sign in")
    await expect(visitor.page.locator("#username")).to_have_value("alice")
    await expect(visitor.page.locator("#sign-in")).to_be_focused()


async def test_not_you_asks_for_another_username(visitor: Visitor) -> None:
    await visitor.ask()
    await visitor.page.fill("#username", "alise")
    await visitor.page.click("#sign-in")
    await visitor.page.get_by_role("link", name="Not you?").click()
    await visitor.see("Sign in")
    await expect(visitor.page.locator("#username")).to_have_value("")
    await visitor.sign_in("alice")
    await visitor.see("Budget Buddy asks for access to your information")


async def test_not_you_at_consent_signs_somebody_else_in(visitor: Visitor) -> None:
    party = visitor.site.relying_party()
    flow = await visitor.ask(party)
    await visitor.sign_in("bob")
    await visitor.page.get_by_role("link", name="Not you?").click()
    await visitor.sign_in("alice")
    await expect(visitor.page.locator(".person")).to_contain_text("Alice Q Adams")
    await visitor.page.click("#allow")
    await check_tokens(party, flow, await visitor.site.app.arrival())


async def test_a_password_can_be_shown_and_is_sent_hidden(visitor: Visitor) -> None:
    await visitor.ask()
    await visitor.page.fill("#username", "alice")
    await visitor.page.click("#sign-in")
    password = visitor.page.locator("#current-password")
    await password.fill("ostiary-demo")
    await visitor.page.get_by_role("button", name="Show password").click()
    await expect(password).to_have_attribute("type", "text")
    hide = visitor.page.get_by_role("button", name="Hide password")
    await hide.click()
    await expect(password).to_have_attribute("type", "password")
    await visitor.page.get_by_role("button", name="Show password").click()
    await visitor.page.evaluate(
        """addEventListener("submit", event => {
             sessionStorage.sentAs = document.getElementById("current-password").type })"""
    )
    await visitor.page.click("#sign-in")
    await visitor.see("Budget Buddy asks for access to your information")
    assert await visitor.page.evaluate("sessionStorage.sentAs") == "password"


async def test_without_a_script_there_is_no_button_that_needs_one(unscripted: Visitor) -> None:
    await unscripted.ask()
    await unscripted.page.fill("#username", "alice")
    await unscripted.page.click("#sign-in")
    await unscripted.see("Enter your password")
    await expect(unscripted.page.get_by_role("button")).to_have_text(["Sign in"])
