"""Signing out: a question, an answer, and the end of the session."""

from playwright.async_api import expect

from tests.kit.leaving import logout_url
from tests.web.pages import sign_out_for_app
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


async def hint_of(visitor: Visitor) -> str:
    """An ID token of the session in which alice has signed in now."""
    party = visitor.site.relying_party()
    flow = await visitor.signed_in(party)
    code = (await visitor.site.app.arrival()).parameters["code"]
    answer = await party.redeem(flow, code)
    return str(answer.json()["id_token"])


async def test_an_app_signs_its_person_out_and_gets_them_back(visitor: Visitor) -> None:
    party, hint = visitor.site.relying_party(), await hint_of(visitor)
    back = {"post_logout_redirect_uri": party.redirect_uri, "state": "s1"}
    await visitor.page.goto(logout_url(party, id_token_hint=hint, **back))
    assert (await visitor.site.app.arrival()).parameters == {"state": "s1"}
    await visitor.ask(prompt="none")
    assert (await visitor.site.app.arrival()).parameters["error"] == "login_required"


SEND_FORM = """
([action, fields]) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action });
  for (const [name, value] of Object.entries(fields)) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
}
"""


async def test_a_form_on_the_apps_own_page_signs_out_too(visitor: Visitor) -> None:
    """It is another site's, so it comes without our cookies, and the browser asks again with them."""
    party, hint = visitor.site.relying_party(), await hint_of(visitor)
    fields = {"id_token_hint": hint, "post_logout_redirect_uri": party.redirect_uri, "state": "s2"}
    await visitor.see("Back in the app")
    await visitor.page.evaluate(SEND_FORM, [party.issuer.endpoint("logout"), fields])
    await visitor.page.wait_for_url("**/cb?state=s2")
    assert (await visitor.site.app.arrival()).parameters == {"state": "s2"}
    await visitor.ask(prompt="none")
    assert (await visitor.site.app.arrival()).parameters["error"] == "login_required"


async def test_a_hostile_form_ends_nothing_and_takes_no_cookie_away(visitor: Visitor) -> None:
    party, _ = visitor.site.relying_party(), await hint_of(visitor)
    await visitor.see("Back in the app")
    hostile = {"choice": "sign-out", "csrf": "made-up"}
    await visitor.page.evaluate(SEND_FORM, [party.issuer.endpoint("logout"), hostile])
    await expect(visitor.page.locator("#stay")).to_be_visible()
    await visitor.ask(party, prompt="none")
    assert "code" in (await visitor.site.app.arrival()).parameters


async def test_the_apps_that_will_be_told_are_named_and_staying_leads_back(
    visitor: Visitor,
) -> None:
    await sign_out_for_app(visitor)
    body = visitor.page.locator("main")
    await expect(body).to_contain_text("Bakery Books has sent you here")
    await expect(body.locator(".entries")).to_contain_text("Budget Buddy")
    await visitor.page.click("#stay")
    await visitor.see("Back in the app")


async def test_who_cannot_be_signed_out_by_the_app_can_do_it_here(visitor: Visitor) -> None:
    party = visitor.site.relying_party()
    await hint_of(visitor)
    visitor.watch.expect_status(400)
    await visitor.page.goto(logout_url(party, id_token_hint="not a token"))
    await visitor.see("You were not signed out")
    await visitor.page.click("#sign-out")
    await expect(visitor.page.locator("h1")).to_contain_text("Do you want to sign out of")
    await visitor.page.click("#sign-out")
    await visitor.see("You have signed out")


async def test_who_is_signed_out_already_hears_the_same(visitor: Visitor) -> None:
    await sign_out(visitor)
    await visitor.page.goto(visitor.site.issuers["enterprise"].endpoint("logout"))
    await visitor.see("You have signed out")


async def test_going_back_after_signing_out_shows_no_account(visitor: Visitor) -> None:
    await sign_out(visitor)
    await visitor.page.go_back()
    await expect(visitor.page.locator("body")).not_to_contain_text("alice")
