"""How much a phone on a slow line has to load before somebody can sign in."""

import pytest
from playwright.async_api import CDPSession, expect

from tests.web.visitor import IN_BROWSER, Visitor

pytestmark = IN_BROWSER

MOST_BYTES = 30_000
MOST_REQUESTS_BEFORE_PAINT = 3

_BLOCKING = """
performance.getEntriesByType("resource").filter(each => each.renderBlockingStatus === "blocking")
  .map(each => new URL(each.name).pathname)
"""


class Meter:
    """Bytes over the wire, headers included, as Chromium counts them."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes = 0
        self.requests = 0
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.loadingFinished", self._on_finished)

    def _on_request(self, _event: dict[str, object]) -> None:
        self.requests += 1

    def _on_finished(self, event: dict[str, float]) -> None:
        self.bytes += int(event["encodedDataLength"])


@pytest.mark.parametrize("client_id", ["budget", "harbor"], ids=["two pages", "one page"])
async def test_the_sign_in_page_is_light(visitor: Visitor, client_id: str) -> None:
    session = await visitor.context.new_cdp_session(visitor.page)
    await session.send("Network.enable")
    meter = Meter(session)
    await visitor.ask(visitor.site.relying_party(client_id))
    await visitor.page.wait_for_load_state("networkidle")
    await expect(visitor.page.locator("#username")).to_be_visible()
    assert meter.requests >= 4, "the page, its stylesheets, its script: the meter works"
    assert 5_000 < meter.bytes <= MOST_BYTES
    blocking = await visitor.page.evaluate(_BLOCKING)
    assert 1 + len(blocking) <= MOST_REQUESTS_BEFORE_PAINT, blocking


async def test_the_second_page_loads_nothing_again(visitor: Visitor) -> None:
    await visitor.ask()
    await visitor.page.wait_for_load_state("networkidle")
    session = await visitor.context.new_cdp_session(visitor.page)
    await session.send("Network.enable")
    meter = Meter(session)
    await visitor.page.fill("#username", "alice")
    await visitor.page.click("#sign-in")
    await visitor.see("Enter your password")
    await visitor.page.wait_for_load_state("networkidle")
    assert meter.bytes <= 6_000
