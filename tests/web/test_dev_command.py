"""The command that a newcomer types, in a process of its own: from `ostiary dev` to tokens."""

import json
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx2
import jwt
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from ostiary.protocol.pkce import challenge_of
from ostiary.serving.listeners import bind
from tests.web.client_app import ClientApp
from tests.web.site import served
from tests.web.visitor import IN_BROWSER, watched

pytestmark = IN_BROWSER

COMMAND = (sys.executable, "-m", "ostiary", "dev", "--port", "0", "--ephemeral", "--json")


@pytest.fixture
def printed() -> Any:
    """What the command prints once it answers."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest_asyncio.fixture(loop_scope="session")
async def app() -> AsyncIterator[ClientApp]:
    """The native demo client: any port of 127.0.0.1 is its own."""
    opened, sockets = ClientApp(), bind("127.0.0.1", 0)
    opened.port = sockets[0].getsockname()[1]
    async with served(opened, sockets):
        yield opened


@pytest.mark.parametrize("number", [0, 1], ids=["enterprise", "consumer"])
async def test_alice_gets_tokens_from_ostiary_dev(
    browser: Browser, printed: dict[str, Any], app: ClientApp, number: int
) -> None:
    issuer, alice = printed["issuers"][number]["issuer"], printed["users"][0]
    verifier, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(8)
    request = {
        "client_id": "demo-native",
        "redirect_uri": app.url("127.0.0.1", "/callback"),
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        "response_type": "code",
        "scope": "openid profile",
        "nonce": nonce,
    }
    async with httpx2.AsyncClient() as http:
        metadata = (await http.get(f"{issuer}/.well-known/openid-configuration")).json()
        origins = frozenset(each["issuer"].partition("/a/")[0] for each in printed["issuers"])
        async with watched(browser, origins, app.port) as (context, _):
            page = await context.new_page()
            await page.goto(f"{metadata['authorization_endpoint']}?{urlencode(request)}")
            await page.fill("#username", alice["username"])
            await page.click("#sign-in")
            await page.fill("#current-password", alice["password"])
            await page.click("#sign-in")
            await page.click("#allow")
            await expect(page.locator("h1")).to_have_text("Back in the app")
        form = {
            "grant_type": "authorization_code",
            "client_id": "demo-native",
            "code": (await app.arrival()).parameters["code"],
            "redirect_uri": request["redirect_uri"],
            "code_verifier": verifier,
        }
        tokens = (await http.post(metadata["token_endpoint"], data=form)).json()
        keys = jwt.PyJWKSet.from_dict((await http.get(metadata["jwks_uri"])).json())
    token = tokens["id_token"]
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, ["RS256"], audience="demo-native", issuer=issuer, leeway=2)
    assert claims["nonce"] == nonce
