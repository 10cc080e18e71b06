"""Signing out: a question, an answer, and the end of the session."""

from playwright.async_api import expect

from tests.web.visitor import IN_BROWSER, Visitor

pytestmark = IN_BROWSER


async def sign_out(visitor: Visitor) -> None:
    party = visitor.site.relying_party()
    await visitor.signed_in(party)
    await visitor.site.app.arrival()
    await visitor.page.goto(party.issuer.endpoint("logout"))
    await expect(visitor.page.locator("h1")).to_contain_text("Do you want to sign out of")
    await visitor.page.click("#sign-out")
    await visitor.see("You have signed out")


async def test_signing_out_is_confirmed_and_ends_the_session(visitor: Visitor) -> None:
    await sign_out(visitor)
    await visitor.ask(prompt="none")
    assert (await visitor.site.app.arrival()).parameters["error"] == "login_required"


async def test_a_copy_of_the_cookie_is_dead_after_signing_out(visitor: Visitor) -> None:
    party = visitor.site.relying_party()
    await visitor.signed_in(party)
    await visitor.site.app.arrival()
    copied = [each for each in await visitor.context.cookies() if "session" in each.get("name", "")]
    assert copied
    await visitor.page.goto(party.issuer.endpoint("logout"))
    await visitor.page.click("#sign-out")
    await visitor.see("You have signed out")
    await visitor.context.add_cookies(
        [
            {"name": each["name"], "value": each["value"], "url": party.issuer.origin}
            for each in copied
        ]
    )
    await visitor.ask(prompt="none")
    assert (await visitor.site.app.arrival()).parameters["error"] == "login_required"


async def test_signing_out_needs_no_javascript(unscripted: Visitor) -> None:
    await sign_out(unscripted)


async def test_not_confirming_changes_nothing(visitor: Visitor) -> None:
    party = visitor.site.relying_party()
    await visitor.signed_in(party)
    await visitor.site.app.arrival()
    await visitor.page.goto(party.issuer.endpoint("logout"))
    await visitor.ask(party, prompt="none")
    assert "code" in (await visitor.site.app.arrival()).parameters


async def test_who_is_signed_out_already_hears_the_same(visitor: Visitor) -> None:
    await sign_out(visitor)
    await visitor.page.goto(visitor.site.issuers["enterprise"].endpoint("logout"))
    await visitor.see("You have signed out")


async def test_going_back_after_signing_out_shows_no_account(visitor: Visitor) -> None:
    await sign_out(visitor)
    await visitor.page.go_back()
    await expect(visitor.page.locator("body")).not_to_contain_text("alice")
