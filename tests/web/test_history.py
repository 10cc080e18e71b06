"""What people do with a browser: tabs, the back button, double clicks, and letting pages lie."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.web.visitor import IN_BROWSER, Visitor

pytestmark = IN_BROWSER

HOUR = 3600


@pytest.mark.parametrize("typed", [False, True], ids=["at the username", "at the password"])
async def test_an_expired_page_starts_again_and_ends_well(visitor: Visitor, typed: bool) -> None:
    party = visitor.site.relying_party()
    flow = await visitor.ask(party)
    if typed:
        await visitor.page.fill("#username", "alice")
        await visitor.page.click("#sign-in")
        await visitor.see("Enter your password")
    visitor.site.clock.time += HOUR + 1
    field = "#current-password" if typed else "#username"
    await visitor.page.fill(field, "alice")
    await visitor.page.click("#sign-in")
    await visitor.see("This page has expired")
    await visitor.page.get_by_role("link", name="Start again").click()
    await visitor.sign_in()
    await visitor.page.click("#allow")
    arrival = await visitor.site.app.arrival()
    assert arrival.parameters["state"] == flow.state
    assert (await party.redeem(flow, arrival.parameters["code"])).status_code == 200


async def test_consent_on_an_expired_page_gives_no_code(visitor: Visitor) -> None:
    await visitor.ask()
    await visitor.sign_in()
    await visitor.see("Budget Buddy asks for access to your information")
    visitor.site.clock.time += HOUR + 1
    await visitor.page.click("#allow")
    await visitor.see("This page has expired")
    assert visitor.site.app.arrivals == []


async def test_two_tabs_with_different_clients_do_not_mix(visitor: Visitor) -> None:
    budget, bakery = visitor.site.relying_party(), visitor.site.relying_party("bakery")
    other = await visitor.tab()
    first, second = await visitor.ask(budget), await other.ask(bakery)
    await visitor.page.fill("#username", "alice")
    await visitor.page.click("#sign-in")
    await other.sign_in()
    await other.see("Bakery Books asks for access to your information")
    await visitor.page.fill("#current-password", "ostiary-demo")
    await visitor.page.click("#sign-in")
    await visitor.see("Budget Buddy asks for access to your information")
    await other.page.click("#allow")
    await other.see("Back in the app")
    at_bakery = await visitor.site.app.arrival()
    await visitor.page.click("#allow")
    await visitor.see("Back in the app")
    at_budget = await visitor.site.app.arrival()
    assert (at_bakery.host, at_budget.host) == ("bakery.localhost", "app.localhost")
    for party, flow, arrival in ((bakery, second, at_bakery), (budget, first, at_budget)):
        assert arrival.parameters["state"] == flow.state
        assert (await party.redeem(flow, arrival.parameters["code"])).status_code == 200


async def test_two_tabs_opened_at_the_same_moment_both_work(visitor: Visitor) -> None:
    """As when a browser restores its tabs."""
    other = await visitor.tab()
    budget, bakery = visitor.site.relying_party(), visitor.site.relying_party("bakery")
    flows = await asyncio.gather(visitor.ask(budget), other.ask(bakery))
    for tab in (visitor, other):
        await tab.see("Sign in")
        await tab.page.fill("#username", "alice")
        await tab.page.click("#sign-in")
        await tab.see("Enter your password")
    for tab, party, flow in zip((visitor, other), (budget, bakery), flows, strict=True):
        await tab.page.fill("#current-password", "ostiary-demo")
        await tab.page.click("#sign-in")
        await tab.page.click("#allow")
        await tab.see("Back in the app")
        arrival = await visitor.site.app.arrival()
        assert arrival.parameters["state"] == flow.state
        assert (await party.redeem(flow, arrival.parameters["code"])).status_code == 200


async def test_going_back_after_the_end_says_so_and_gives_no_second_code(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.see("Back in the app")
    await visitor.page.go_back()
    await visitor.see("You have already finished signing in")
    await expect(visitor.page.get_by_role("button")).to_have_count(0)
    assert len(visitor.site.app.arrivals) == 1


async def test_going_back_from_the_password_leads_to_the_username(visitor: Visitor) -> None:
    await visitor.ask()
    await visitor.page.fill("#username", "alise")
    await visitor.page.click("#sign-in")
    await visitor.see("Enter your password")
    await visitor.page.go_back()
    await visitor.see("Sign in")
    await visitor.sign_in("alice")
    await visitor.see("Budget Buddy asks for access to your information")


async def test_a_double_click_on_allow_gives_one_code(visitor: Visitor) -> None:
    party = visitor.site.relying_party()
    flow = await visitor.ask(party)
    await visitor.sign_in()
    await visitor.page.dblclick("#allow")
    await visitor.see("Back in the app")
    arrival = await visitor.site.app.arrival()
    assert (await party.redeem(flow, arrival.parameters["code"])).status_code == 200
    assert len(visitor.site.app.arrivals) == 1


async def test_allowing_the_same_page_in_two_tabs_gives_one_code(visitor: Visitor) -> None:
    await visitor.ask()
    await visitor.sign_in()
    await visitor.see("Budget Buddy asks for access to your information")
    other = await visitor.tab()
    await other.page.goto(visitor.page.url)
    await visitor.page.click("#allow")
    await visitor.see("Back in the app")
    await other.page.click("#allow")
    await other.see("You have already finished signing in")
    assert len(visitor.site.app.arrivals) == 1


async def test_a_double_click_without_a_script_still_ends_at_the_client(
    unscripted: Visitor,
) -> None:
    party = unscripted.site.relying_party()
    flow = await unscripted.ask(party)
    await unscripted.sign_in()
    await unscripted.page.dblclick("#allow")
    await unscripted.see("Back in the app")
    arrival = await unscripted.site.app.arrival()
    assert (await party.redeem(flow, arrival.parameters["code"])).status_code == 200


async def test_after_a_lost_answer_the_client_is_reached_by_starting_again(
    visitor: Visitor,
) -> None:
    """The code was issued, and the network lost the redirect that carried it."""

    async def lose(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort()

    party = visitor.site.relying_party()
    await visitor.page.route("**/consent", lose, times=1)
    await visitor.ask(party)
    await visitor.sign_in()
    await visitor.page.click("#allow")
    await visitor.page.wait_for_url("chrome-error://**")
    flow = await visitor.ask(party)
    await visitor.see("Back in the app")
    arrival = await visitor.site.app.arrival()
    assert (await party.redeem(flow, arrival.parameters["code"])).status_code == 200


async def test_a_double_click_on_sign_in_ends_at_consent(unscripted: Visitor) -> None:
    await unscripted.ask()
    await unscripted.page.fill("#username", "alice")
    await unscripted.page.dblclick("#sign-in")
    await unscripted.see("Enter your password")
    await unscripted.page.fill("#current-password", "ostiary-demo")
    await unscripted.page.dblclick("#sign-in")
    await unscripted.see("Budget Buddy asks for access to your information")


async def test_a_button_works_again_after_coming_back(visitor: Visitor) -> None:
    await visitor.ask()
    await visitor.page.fill("#username", "alice")
    await visitor.page.click("#sign-in")
    await visitor.see("Enter your password")
    await visitor.page.go_back()
    await expect(visitor.page.locator("#sign-in")).to_be_enabled()


async def test_another_browser_cannot_take_over(visitor: Visitor) -> None:
    visitor.watch.expect_status(400, 404)
    await visitor.ask()
    address = visitor.page.url
    await visitor.context.clear_cookies()
    await visitor.page.goto(address)
    await expect(visitor.page.locator("h1")).to_have_count(1)
    await expect(visitor.page.locator("#username")).to_have_count(0)
    await expect(visitor.page.locator(".reference")).to_contain_text("R-")


async def test_reloading_a_page_repeats_nothing(visitor: Visitor) -> None:
    await visitor.ask()
    await visitor.sign_in()
    await visitor.see("Budget Buddy asks for access to your information")
    await visitor.page.reload()
    await visitor.see("Budget Buddy asks for access to your information")
