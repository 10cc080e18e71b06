"""An application as a newcomer would write it: it knows its issuer's URL and reads everything else.

Nothing here imports Ostiary: what it needs must be in the metadata.
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import jwt

from tests.flows.dev_server import DevServer
from tests.kit.person import Form, Page, Person

PASSWORD = "ostiary-demo"
WELL_KNOWN = "/.well-known/openid-configuration"
SCOPE = "openid profile email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An authorization request, and what is needed to end it."""

    url: str
    redirect_uri: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    http: httpx2.AsyncClient
    metadata: Mapping[str, Any]
    client_id: str
    redirect_uri: str
    secret: str | None = None
    basic: bool = False

    def begin(self, scope: str = SCOPE, **more: str) -> Request:
        verifier = secrets.token_urlsafe(32)
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        state, nonce = secrets.token_urlsafe(8), secrets.token_urlsafe(8)
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
            **more,
        }
        return Request(
            url=f"{self.metadata['authorization_endpoint']}?{urlencode(parameters)}",
            redirect_uri=self.redirect_uri,
            state=state,
            nonce=nonce,
            verifier=verifier,
        )

    def answer(self, request: Request, person: Person) -> dict[str, str]:
        """The response with which the browser came back, checked as RFC 9207 and state ask."""
        assert person.left_to is not None, person.page.text[:500]
        address, _, query = person.left_to.partition("?")
        assert address == request.redirect_uri
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
        response = dict(pairs)
        assert len(pairs) == len(response), "no parameter twice"
        assert response.pop("state") == request.state
        assert response.pop("iss") == self.metadata["issuer"]
        return response

    async def token(self, **form: str) -> httpx2.Response:
        auth = None
        if self.basic:
            auth = (self.client_id, self.secret or "")
        else:
            form["client_id"] = self.client_id
            if self.secret is not None:
                form["client_secret"] = self.secret
        return await self.http.post(
            self.metadata["token_endpoint"],
            data=form,
            auth=auth or httpx2.USE_CLIENT_DEFAULT,
        )

    async def redeem(self, request: Request, code: str, **changes: str) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": request.redirect_uri,
            "code_verifier": request.verifier,
        }
        return await self.token(**(form | changes))

    async def refresh(self, refresh_token: str) -> httpx2.Response:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token)

    async def tokens(
        self, person: Person, scope: str = SCOPE, username: str = "alice"
    ) -> dict[str, Any]:
        """The whole flow, with a yes to every page."""
        request = self.begin(scope)
        await go_through(await person.open(request.url), username)
        answer = await self.redeem(request, self.answer(request, person)["code"])
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def userinfo(self, access_token: str) -> httpx2.Response:
        headers = {"authorization": f"Bearer {access_token}"}
        return await self.http.get(self.metadata["userinfo_endpoint"], headers=headers)

    async def verify(self, id_token: str, algorithm: str = "RS256") -> dict[str, Any]:
        """The ID token's claims, verified by a library that Ostiary does not use."""
        jwks = jwt.PyJWKSet.from_dict((await self.http.get(self.metadata["jwks_uri"])).json())
        key = jwks[jwt.get_unverified_header(id_token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key,
            algorithms=[algorithm],
            audience=self.client_id,
            issuer=self.metadata["issuer"],
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
        return claims


async def discover(http: httpx2.AsyncClient, issuer: str) -> dict[str, Any]:
    """OIDC Discovery §4."""
    answer = await http.get(issuer + WELL_KNOWN)
    assert answer.status_code == 200, answer.text
    metadata: dict[str, Any] = answer.json()
    assert metadata["issuer"] == issuer
    return metadata


async def demo_application(
    http: httpx2.AsyncClient, server: DevServer, issuer_name: str, client_id: str, **changes: Any
) -> Application:
    """The demo client as `ostiary dev --json` tells of it."""
    told = server.client(client_id)
    values = {
        "client_id": client_id,
        "redirect_uri": told["redirect_uris"][0],
        "secret": told.get("client_secret"),
    }
    metadata = await discover(http, server.issuer(issuer_name))
    return Application(http=http, metadata=metadata, **(values | changes))


def form_to_client(page: Page) -> Form | None:
    """The form that carries the response, which a browser with scripts sends by itself.

    OAuth Form Post Response Mode §2.
    """
    here = urlsplit(page.url).netloc
    return next(
        (form for form in page.forms if urlsplit(form.action).netloc not in ("", here)), None
    )


def question(person: Person) -> str | None:
    """What the page asks: the button that says yes; None when the next address is the client's."""
    if person.left_to is not None or form_to_client(person.page) is not None:
        return None
    buttons = {button for form in person.page.forms for button in form.buttons}
    for button in ("sign-in", "allow", "continue"):
        if button in buttons:
            return button
    raise AssertionError(f"stuck at {person.page.url}: {person.page.text[:500]}")


async def go_through(
    person: Person, username: str = "alice", *, decision: str = "allow"
) -> list[str]:
    """Answer every page until the browser leaves: what was asked, in order."""
    asked = []
    while (button := question(person)) is not None:
        assert person.page.status == 200, person.page.text[:500]
        asked.append(button)
        if button == "sign-in":
            await person.sign_in(username, PASSWORD)
        else:
            await person.press(decision if button == "allow" else button)
    return asked


def half_hash(token: str) -> str:
    """OIDC Core §3.1.3.6, for the algorithms that end in 256."""
    digest = hashlib.sha256(token.encode()).digest()[:16]
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def netloc(url: str) -> str:
    return urlsplit(url).netloc
