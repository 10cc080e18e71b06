"""oidc-client-ts on a page of tests/interop/oidc-client-ts, in a tab of a real browser."""

import json
from typing import TYPE_CHECKING, Any

from ostiary.domain.client import AuthMethod
from tests.flows.application import PASSWORD
from tests.flows.newcomers import add_newcomer
from tests.interop.desk import Desk

if TYPE_CHECKING:
    from playwright.async_api import Page

PAGE_PORT = "5173"


class Tab:
    """A tab of a browser at the application, and the person before it."""

    def __init__(self, desk: Desk, page: "Page", origin: str) -> None:
        self.desk = desk
        self.page = page
        self.origin = origin
        self.home = f"{origin}/client.html"

    async def open(self, **changes: Any) -> None:
        """As a public client of the application's origin, unless `changes` say otherwise."""
        registered = await self.desk.add_client(
            **{
                "auth_method": AuthMethod.NONE,
                "redirect_uris": (self.home,),
                **changes.pop("registration", {}),
            }
        )
        settings = {
            "authority": self.desk.issuer,
            "client_id": registered["client_id"],
            "scope": "openid profile email offline_access",
            **changes,
        }
        await self.page.context.add_init_script(f"window.settings = {json.dumps(settings)}")
        await self.page.goto(self.home)

    async def do(self, button: str, *words: str) -> dict[str, Any]:
        """What the library gave, or its failure."""
        shown: dict[str, Any] = await self.page.evaluate(
            "([button, words]) => relyingParty[button](...words)", [button, list(words)]
        )
        return shown

    async def go(self, button: str) -> None:
        """Press a button that leads elsewhere."""
        async with self.page.expect_navigation():
            await self.page.evaluate("button => void relyingParty[button]()", button)

    async def sign_in(self, *, decision: str = "allow") -> dict[str, Any]:
        await self.go("signIn")
        await self.answer(decision=decision)
        await self.page.wait_for_url(f"{self.home}?*")
        return await self.do("finish")

    async def answer(self, *, decision: str = "allow") -> str:
        """Fill in the provider's pages, as somebody new; the username."""
        username = await add_newcomer(self.desk.server, self.desk.issuer_name)
        await self.page.fill("#username", username)
        if not await self.page.locator("#current-password").count():
            await self.page.click("#sign-in")
        await self.page.fill("#current-password", PASSWORD)
        await self.page.click("#sign-in")
        await self.page.click(f"#{decision}")
        return username
