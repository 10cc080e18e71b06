"""How the answer travels to the client, and that nothing on our pages is in its way."""

import pytest
from playwright.async_api import Response, expect

from tests.kit.relying_party import Flow
from tests.web.client_app import LANDING_SCHEME, ONWARD_HOST
from tests.web.site import CUSTOM_SCHEME
from tests.web.visitor import IN_BROWSER, Visitor

pytestmark = IN_BROWSER


async def test_form_post_arrives_by_post(visitor: Visitor) -> None:
    """OAuth 2.0 Form Post Response Mode §2."""
    party = visitor.site.relying_party()
    flow = await visitor.signed_in(party, response_mode="form_post")
    await visitor.see("Back in the app")
    arrival = await visitor.site.app.arrival()
    assert arrival.method == "POST"
    assert arrival.parameters["state"] == flow.state
    assert set(arrival.parameters) == {"code", "state", "iss"}
    assert (await party.redeem(flow, arrival.parameters["code"])).status_code == 200


async def test_form_post_of_a_live_session_arrives_by_post(visitor: Visitor) -> None:
    await visitor.signed_in()
    await visitor.site.app.arrival()
    await visitor.ask(response_mode="form_post")
    assert (await visitor.site.app.arrival()).method == "POST"


async def test_form_post_without_a_script_has_a_button(unscripted: Visitor) -> None:
    await unscripted.signed_in(response_mode="form_post")
    await unscripted.see("Going back to your app")
    assert unscripted.site.app.arrivals == []
    await unscripted.page.get_by_role("button", name="Continue").click()
    await unscripted.see("Back in the app")
    arrival = await unscripted.site.app.arrival()
    assert (arrival.method, set(arrival.parameters)) == ("POST", {"code", "state", "iss"})


async def test_a_refusal_travels_in_a_form_too(visitor: Visitor) -> None:
    await visitor.ask(response_mode="form_post", prompt="none")
    arrival = await visitor.site.app.arrival()
    assert (arrival.method, arrival.parameters["error"]) == ("POST", "login_required")


async def test_fragment_stays_in_the_browser(visitor: Visitor) -> None:
    flow = await visitor.signed_in(response_mode="fragment")
    await visitor.see("Back in the app")
    assert (await visitor.site.app.arrival()).parameters == {}
    _, _, fragment = visitor.page.url.partition("#")
    assert "code=" in fragment
    assert f"state={flow.state}" in fragment


# ---- a client may ask by a form, too: OIDC Core §3.1.2.1 ---------------------------------------

_SEND_FORM = """
([action, fields]) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = action;
    for (const [name, value] of Object.entries(fields)) {
        const field = document.createElement("input");
        field.name = name;
        field.value = value;
        form.append(field);
    }
    document.body.append(form);
    form.submit();
}
"""


async def ask_by_post(visitor: Visitor) -> Flow:
    """A form on the client's own site, which is another than ours."""
    party = visitor.site.relying_party()
    flow = party.begin()
    await visitor.page.goto(visitor.site.app.url(ONWARD_HOST, "/landed"))
    await visitor.page.evaluate(_SEND_FORM, [party.issuer.endpoint("auth"), flow.sent])
    return flow


async def test_a_request_by_post_from_the_clients_site_finds_who_is_signed_in(
    visitor: Visitor,
) -> None:
    await visitor.signed_in()
    await visitor.site.app.arrival()
    flow = await ask_by_post(visitor)
    arrival = await visitor.site.app.arrival()
    assert arrival.parameters["state"] == flow.state
    assert "code" in arrival.parameters


async def test_a_request_by_post_from_the_clients_site_leads_through_the_pages(
    visitor: Visitor,
) -> None:
    flow = await ask_by_post(visitor)
    await visitor.see("Sign in")
    await visitor.sign_in()
    await visitor.page.click("#allow")
    arrival = await visitor.site.app.arrival()
    assert arrival.parameters["state"] == flow.state
    party = visitor.site.relying_party()
    assert (await party.redeem(flow, arrival.parameters["code"])).status_code == 200


# ---- F1: Chromium holds form-action against every redirect that follows a form --------------

ANSWERS = pytest.mark.parametrize("button", ["allow", "deny"])


@ANSWERS
async def test_a_client_may_send_on_to_another_origin(visitor: Visitor, button: str) -> None:
    await visitor.ask(visitor.site.relying_party(path="/cb/onward"))
    await visitor.sign_in()
    await visitor.page.click(f"#{button}")
    await visitor.see("Back in the app")
    assert visitor.page.url.startswith("http://shop.localhost:")


async def test_a_client_may_take_a_form_post_and_send_on(visitor: Visitor) -> None:
    await visitor.signed_in(
        visitor.site.relying_party(path="/cb/onward"), response_mode="form_post"
    )
    await visitor.see("Back in the app")
    assert visitor.page.url.startswith("http://shop.localhost:")


@ANSWERS
async def test_a_client_may_send_on_to_a_custom_scheme(visitor: Visitor, button: str) -> None:
    """Here no program opens the address; the browser's log would say if our page forbade it."""
    await visitor.page.clock.install()
    await visitor.ask(visitor.site.relying_party(path="/cb/scheme"))
    await visitor.sign_in()
    await visitor.see("Budget Buddy asks for access to your information")
    async with visitor.page.expect_request_finished(lambda each: "/cb/scheme" in each.url) as done:
        await visitor.page.click(f"#{button}")
    response = await (await done.value).response()
    assert response is not None
    assert response.headers["location"].startswith(f"{LANDING_SCHEME}:")
    # The page stands, since nothing else was opened, and goes on working.
    await expect(visitor.page.locator("#allow")).to_be_disabled()
    await visitor.page.clock.run_for(10_000)
    await expect(visitor.page.locator("#allow")).to_be_enabled()


async def test_an_app_on_the_device_gets_its_code_at_a_custom_scheme(visitor: Visitor) -> None:
    def is_answer(response: Response) -> bool:
        return response.headers.get("location", "").startswith(f"{CUSTOM_SCHEME}:/cb?code=")

    await visitor.ask(visitor.site.relying_party("phone"))
    await visitor.sign_in()
    await visitor.see("Budget Buddy on the phone asks for access to your information")
    async with visitor.page.expect_response(is_answer):
        await visitor.page.click("#allow")
