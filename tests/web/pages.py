"""Every page in every state, and the way to it: what the gallery shows and accessibility checks."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace

from playwright.async_api import expect

from tests.kit.leaving import logout_url
from tests.web.site import PUBLIC_REDIRECT_URI
from tests.web.visitor import Visitor

CLAIM_PREFIX = "https://api.banno.com/consumer/claim/"

Walk = Callable[[Visitor], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The way to a page, and the status that it has."""

    walk: Walk
    status: int = 200


async def username(visitor: Visitor) -> None:
    await visitor.ask()
    await visitor.see("Sign in")


async def username_empty(visitor: Visitor) -> None:
    await username(visitor)
    await visitor.page.click("#sign-in")
    await expect(visitor.page.locator("#error-summary")).to_be_visible()


async def username_hinted(visitor: Visitor) -> None:
    await visitor.ask(login_hint="alice.adams@example.com")


async def password(visitor: Visitor) -> None:
    await username(visitor)
    await visitor.page.fill("#username", "alice")
    await visitor.page.click("#sign-in")
    await visitor.see("Enter your password")


async def password_shown(visitor: Visitor) -> None:
    await password(visitor)
    await visitor.page.fill("#current-password", "ostiary-demo")
    await visitor.page.get_by_role("button", name="Show password").click()


async def password_wrong(visitor: Visitor) -> None:
    await password(visitor)
    await visitor.page.fill("#current-password", "wrong")
    await visitor.page.click("#sign-in")
    await expect(visitor.page.locator("#error-summary")).to_be_visible()


async def password_of_long_name(visitor: Visitor) -> None:
    await username(visitor)
    await visitor.page.fill(
        "#username", "maximiliane.von-hohenstein-oberndorf@students.example.org"
    )
    await visitor.page.click("#sign-in")
    await visitor.see("Enter your password")


async def one_page(visitor: Visitor) -> None:
    await visitor.ask(visitor.site.relying_party("harbor"))
    await visitor.see("Sign in")


async def one_page_empty(visitor: Visitor) -> None:
    await one_page(visitor)
    await visitor.page.click("#sign-in")
    await expect(visitor.page.locator("#error-summary")).to_be_visible()


async def consent(visitor: Visitor) -> None:
    await visitor.ask()
    await visitor.sign_in()
    await expect(visitor.page.locator("#allow")).to_be_visible()


async def consent_to_everything(visitor: Visitor) -> None:
    issuer = visitor.site.issuers["enterprise"]
    await visitor.ask(scope=" ".join(sorted(issuer.scopes)))
    await visitor.sign_in()
    await expect(visitor.page.locator("#allow")).to_be_visible()


async def consent_to_more(visitor: Visitor) -> None:
    await visitor.signed_in(scope="openid profile")
    await visitor.see("Back in the app")
    await visitor.ask(scope="openid profile email phone offline_access")
    await visitor.page.get_by_text("You share this already").click()


async def consent_to_claims(visitor: Visitor) -> None:
    """As Banno's own sample asks: a long list, and what a lender may have beside it."""
    names = ("netteller_id", "masked_accounts", "user_type", "devices", "tax_id", "made_up")
    wanted = dict.fromkeys(["name", "email", *(CLAIM_PREFIX + name for name in names)])
    party = visitor.site.relying_party("lender", issuer="consumer")
    await visitor.ask(party, scope="openid", claims=json.dumps({"userinfo": wanted}))
    await visitor.sign_in()
    await expect(visitor.page.locator("#allow")).to_be_visible()


async def consent_to_another_app(visitor: Visitor) -> None:
    """The client has another name than when it was allowed."""
    party = visitor.site.relying_party()
    await visitor.signed_in(party, scope="openid profile")
    await visitor.see("Back in the app")
    seen = await visitor.site.world.store.clients.find("enterprise", "budget")
    assert seen is not None
    renamed = replace(seen, name="Budget Buddy Plus")
    await visitor.site.world.replace_client(seen, renamed, visitor.site.issuers["enterprise"])
    await asyncio.sleep(1.1)  # the provider notices within a second
    await visitor.ask(party, scope="openid profile")
    await expect(visitor.page.get_by_text("has changed since you last allowed it")).to_be_visible()


async def consent_for_phone(visitor: Visitor) -> None:
    await visitor.ask(visitor.site.relying_party("phone"))
    await visitor.sign_in()
    await expect(visitor.page.locator("#allow")).to_be_visible()


async def select_account(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.see("Back in the app")
    await visitor.ask(prompt="select_account")
    await visitor.see("You are already signed in")


async def expired(visitor: Visitor) -> None:
    await username(visitor)
    visitor.site.clock.time += 3601
    await visitor.page.reload()
    await visitor.see("This page has expired")


async def finished(visitor: Visitor) -> None:
    await consent(visitor)
    address = visitor.page.url
    await visitor.page.click("#allow")
    await visitor.see("Back in the app")
    await visitor.page.goto(address)
    await visitor.see("You have already finished signing in")


async def form_post(visitor: Visitor) -> None:
    """Held still: its script would send it on at once."""
    await visitor.page.route(
        "**/static/form-post.js*",
        lambda route: route.fulfill(body="", content_type="text/javascript"),
    )
    await visitor.signed_in(response_mode="form_post")
    await visitor.see("Going back to your app")


async def sign_out(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.see("Back in the app")
    await visitor.page.goto(visitor.site.issuers["enterprise"].endpoint("logout"))
    await expect(visitor.page.locator("#sign-out")).to_be_visible()


async def sign_out_for_app(visitor: Visitor) -> None:
    """A client has sent the browser here, and others will be told."""
    bakery = visitor.site.relying_party("bakery")
    await visitor.signed_in()
    await visitor.see("Back in the app")
    await visitor.ask(bakery)
    await visitor.page.click("#allow")
    await visitor.see("Back in the app")
    address = logout_url(bakery, client_id="bakery", post_logout_redirect_uri=bakery.redirect_uri)
    await visitor.page.goto(address)
    await expect(visitor.page.locator("#sign-out")).to_be_visible()


async def stayed(visitor: Visitor) -> None:
    await sign_out(visitor)
    await visitor.page.click("#stay")
    await visitor.see("You are still signed in")


async def signed_out(visitor: Visitor) -> None:
    await visitor.page.goto(visitor.site.issuers["enterprise"].endpoint("logout"))
    await visitor.see("You have signed out")


async def home(visitor: Visitor) -> None:
    await visitor.page.goto(visitor.site.issuers["enterprise"].origin)
    await visitor.see("Your sandbox is running")


async def openapi(visitor: Visitor) -> None:
    await visitor.page.goto(visitor.site.issuers["enterprise"].endpoint("openapi"))
    await visitor.see("Endpoints")
    for summary in await visitor.page.locator("summary").all():
        await summary.click()


async def error_for_developers(visitor: Visitor) -> None:
    party = visitor.site.relying_party("demo-web")
    await visitor.ask(party, redirect_uri="http://localhost:8080/auth/callback")
    await visitor.see("This link does not work")


async def error_of_another_browser(visitor: Visitor) -> None:
    await username(visitor)
    address = visitor.page.url
    await visitor.context.clear_cookies()
    await visitor.page.goto(address)
    await expect(visitor.page.locator(".reference")).to_be_visible()


async def error_of_sign_out(visitor: Visitor) -> None:
    party = visitor.site.relying_party()
    await visitor.page.goto(
        logout_url(party, client_id="budget", post_logout_redirect_uri="http://x")
    )
    await visitor.see("You were not signed out")


async def error_not_found(visitor: Visitor) -> None:
    await visitor.page.goto(f"{visitor.site.issuers['enterprise'].origin}/nothing-here")
    await visitor.see("There is no page at this address")


async def error_forged(visitor: Visitor) -> None:
    await username(visitor)
    await visitor.page.evaluate("document.querySelector('[name=csrf]').value = 'made-up'")
    await visitor.page.fill("#username", "alice")
    await visitor.page.click("#sign-in")
    await visitor.see("This form did not come from our page")


async def error_on_our_side(visitor: Visitor) -> None:
    await username(visitor)
    with closing(sqlite3.connect(visitor.site.database)) as database:
        database.execute("DROP TABLE interactions")
    await visitor.page.reload()
    await visitor.see("Something went wrong on our side")


# ---- what the customers of a bank see: no sandbox -------------------------------------------


async def bank_username(visitor: Visitor) -> None:
    await visitor.ask(visitor.site.relying_party(issuer="production"))
    await visitor.see("Sign in")


async def bank_password(visitor: Visitor) -> None:
    await bank_username(visitor)
    await visitor.page.fill("#username", "alice")
    await visitor.page.click("#sign-in")
    await visitor.see("Enter your password")


async def bank_consent(visitor: Visitor) -> None:
    party = visitor.site.relying_party(issuer="production")
    await visitor.ask(party, redirect_uri=PUBLIC_REDIRECT_URI, scope="openid profile email")
    await visitor.sign_in()
    await expect(visitor.page.locator("#allow")).to_be_visible()


async def bank_sign_out(visitor: Visitor) -> None:
    party = visitor.site.relying_party(issuer="production")
    await visitor.signed_in(party)
    await visitor.see("Back in the app")
    await visitor.page.goto(logout_url(party, client_id="budget"))
    await expect(visitor.page.locator("#sign-out")).to_be_visible()


async def bank_error(visitor: Visitor) -> None:
    party = visitor.site.relying_party(issuer="production")
    await visitor.ask(party, redirect_uri="https://elsewhere.example/cb")
    await visitor.see("This link does not work")


STATES: Mapping[str, State] = {
    "sign-in": State(walk=username),
    "sign-in-empty": State(walk=username_empty, status=400),
    "sign-in-hinted": State(walk=username_hinted),
    "password": State(walk=password),
    "password-shown": State(walk=password_shown),
    "password-wrong": State(walk=password_wrong, status=400),
    "password-of-long-name": State(walk=password_of_long_name),
    "one-page": State(walk=one_page),
    "one-page-empty": State(walk=one_page_empty, status=400),
    "consent": State(walk=consent),
    "consent-to-everything": State(walk=consent_to_everything),
    "consent-to-more": State(walk=consent_to_more),
    "consent-to-claims": State(walk=consent_to_claims),
    "consent-to-another-app": State(walk=consent_to_another_app),
    "consent-for-phone": State(walk=consent_for_phone),
    "select-account": State(walk=select_account),
    "expired": State(walk=expired),
    "finished": State(walk=finished),
    "form-post": State(walk=form_post),
    "sign-out": State(walk=sign_out),
    "sign-out-for-app": State(walk=sign_out_for_app),
    "stayed": State(walk=stayed),
    "signed-out": State(walk=signed_out),
    "home": State(walk=home),
    "openapi": State(walk=openapi),
    "error-for-developers": State(walk=error_for_developers, status=400),
    "error-of-another-browser": State(walk=error_of_another_browser, status=400),
    "error-of-sign-out": State(walk=error_of_sign_out, status=400),
    "error-not-found": State(walk=error_not_found, status=404),
    "error-forged": State(walk=error_forged, status=403),
    "error-on-our-side": State(walk=error_on_our_side, status=503),
    "bank-sign-in": State(walk=bank_username),
    "bank-password": State(walk=bank_password),
    "bank-consent": State(walk=bank_consent),
    "bank-sign-out": State(walk=bank_sign_out),
    "bank-error": State(walk=bank_error, status=400),
}
