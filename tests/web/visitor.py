"""Somebody at a real browser, with an eye on everything that a page must not do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    expect,
)

from ostiary.management.demo import PASSWORD
from tests.kit.relying_party import Flow, RelyingParty
from tests.web.client_app import LANDING_SCHEME
from tests.web.site import CUSTOM_SCHEME, Site

# One event loop for all tests of a worker, since they share a browser.
IN_BROWSER = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
APP_SCHEMES = (CUSTOM_SCHEME, LANDING_SCHEME)

_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation",
                 event => tellViolation(`${event.effectiveDirective} ${event.blockedURI}`));
"""


@dataclass  # without slots: playwright notes its handlers in the object
class Watch:
    """Faults of any page of ours: a blocked thing, a complaint in the console, a foreign request."""

    origins: frozenset[str]
    app_port: int
    faults: list[str] = field(default_factory=list)
    # Chromium writes each page with such a status to the console; a test says which it expects.
    expected_statuses: set[int] = field(default_factory=set)

    def expect_status(self, *statuses: int) -> None:
        self.expected_statuses.update(statuses)

    async def attach(self, context: BrowserContext) -> None:
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failed)
        await context.expose_function("tellViolation", self._on_violation)
        await context.add_init_script(_TELL_VIOLATIONS)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"} or self._is_expected(message):
            return
        self.faults.append(f"console: {message.text} ({message.location.get('url')})")

    def _is_expected(self, message: ConsoleMessage) -> bool:
        url = str(message.location.get("url"))
        return (
            message.text.startswith("Failed to load resource")
            and any(f"status of {status} " in message.text for status in self.expected_statuses)
            and self._is_ours(url)
            and "/static/" not in url
        )

    def _on_error(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error}")

    def _on_violation(self, violation: str) -> None:
        self.faults.append(f"content security policy: {violation}")

    def _on_request(self, request: Request) -> None:
        if request.is_navigation_request():
            parts = urlsplit(request.url)
            known = self._is_ours(request.url) or parts.scheme in APP_SCHEMES
            known = known or parts.port == self.app_port
        else:
            known = _origin(request.url) == _origin(request.frame.url)
        if not known:
            self.faults.append(f"request to another origin: {request.url}")

    def _on_failed(self, request: Request) -> None:
        # A page, or its icon, may be overtaken by the next page; everything else has to arrive.
        if not request.is_navigation_request() and request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {request.url} {request.failure}")

    def _is_ours(self, url: str) -> bool:
        return _origin(url) in self.origins


@dataclass(slots=True, kw_only=True)
class Visitor:
    site: Site
    context: BrowserContext
    page: Page
    watch: Watch

    async def ask(self, party: RelyingParty | None = None, **request: str | None) -> Flow:
        """Follow a client's authorization request, as far as it goes by itself."""
        flow = (party or self.site.relying_party()).begin(**request)  # type: ignore[arg-type]
        await self.page.goto(flow.url)
        return flow

    async def sign_in(self, username: str = "alice", password: str = PASSWORD) -> None:
        """Both fields, on one page or on two."""
        await self.page.locator("#username, #current-password").first.wait_for()
        if await self.page.locator("#username").count():
            await self.page.fill("#username", username)
            if not await self.page.locator("#current-password").count():
                await self.page.click("#sign-in")
                await self.see("Enter your password")
        await self.page.fill("#current-password", password)
        await self.page.click("#sign-in")

    async def signed_in(self, party: RelyingParty | None = None, **request: str | None) -> Flow:
        """Go all the way once, as alice."""
        flow = await self.ask(party, **request)
        await self.sign_in()
        await self.page.click("#allow")
        return flow

    async def see(self, heading: str) -> None:
        """Wait for the page with this heading; there is never a second one."""
        await expect(self.page.locator("h1")).to_have_text(heading)

    async def tab(self) -> "Visitor":
        """Another tab of the same browser."""
        page = await self.context.new_page()
        return Visitor(site=self.site, context=self.context, page=page, watch=self.watch)


@asynccontextmanager
async def watched(
    browser: Browser, origins: frozenset[str], app_port: int, **settings: Any
) -> AsyncIterator[tuple[BrowserContext, Watch]]:
    """A browser without history; leaving it fails if any page misbehaved."""
    context = await browser.new_context(**settings)
    context.set_default_timeout(10_000)
    watch = Watch(origins, app_port)
    await watch.attach(context)
    try:
        yield context, watch
    finally:
        await context.close()
    assert not watch.faults, "\n".join(watch.faults)


@asynccontextmanager
async def visit(browser: Browser, site: Site, **settings: Any) -> AsyncIterator[Visitor]:
    """Somebody with a browser of their own."""
    async with watched(browser, site.origins, site.app.port, **settings) as (context, watch):
        page = await context.new_page()
        yield Visitor(site=site, context=context, page=page, watch=watch)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
