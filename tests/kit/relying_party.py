"""A relying party of the tests: asks as clients ask, and shows plainly what came back."""

import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2

from ostiary.domain.client import Client
from ostiary.domain.issuer import Issuer
from ostiary.protocol.pkce import challenge_of
from tests.kit.client_key import ClientKey
from tests.kit.person import Person
from tests.kit.world import ENTERPRISE, PASSWORD, SECRET, World


@dataclass(slots=True)
class Flow:
    """One authorization request, and what is needed to end it."""

    client_id: str
    redirect_uri: str
    url: str
    state: str
    nonce: str
    verifier: str
    sent: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class RelyingParty:
    world: World
    issuer: Issuer = ENTERPRISE
    client_id: str = "web"
    redirect_uri: str = "https://rp.example/cb"
    secret: str | None = SECRET
    # With a key it proves that it holds it, at the token endpoint and at userinfo.
    key: ClientKey | None = None

    @classmethod
    def of(cls, world: World, client: Client, issuer: Issuer = ENTERPRISE) -> "RelyingParty":
        return cls(
            world=world,
            issuer=issuer,
            client_id=client.client_id,
            redirect_uri=client.redirect_uris[0],
            secret=None if client.public else SECRET,
        )

    def begin(self, scope: str = "openid profile email", **changes: str | None) -> Flow:
        """An authorization request; a parameter set to None is left out."""
        verifier = secrets.token_urlsafe(32)
        state, nonce = secrets.token_urlsafe(8), secrets.token_urlsafe(8)
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        sent = {key: value for key, value in (parameters | changes).items() if value is not None}
        return Flow(
            client_id=self.client_id,
            redirect_uri=self.redirect_uri,
            url=f"{self.issuer.endpoint('auth')}?{urlencode(sent)}",
            state=state,
            nonce=nonce,
            verifier=verifier,
            sent=sent,
        )

    async def push(
        self, flow: Flow, headers: Mapping[str, str] | None = None, **changes: str | None
    ) -> httpx2.Response:
        """Push the flow's parameters, with the secret in the form."""
        parameters: dict[str, str | None] = {**flow.sent, "client_secret": self.secret, **changes}
        form = {key: value for key, value in parameters.items() if value is not None}
        async with self.world.http(self.issuer) as http:
            return await http.post(self.issuer.endpoint("request"), data=form, headers=headers)

    async def begin_pushed(
        self, scope: str = "openid profile email", **changes: str | None
    ) -> Flow:
        """A flow that stands on a pushed request."""
        flow = self.begin(scope, **changes)
        answer = await self.push(flow)
        assert answer.status_code == 201, answer.text
        flow.url = self.visit_of(answer.json()["request_uri"])
        return flow

    def visit_of(self, request_uri: str, **more: str) -> str:
        """The authorization endpoint's address for a pushed request."""
        query = urlencode({"client_id": self.client_id, "request_uri": request_uri, **more})
        return f"{self.issuer.endpoint('auth')}?{query}"

    def person(self) -> Person:
        """Somebody with an empty browser."""
        return Person(self.world.http(self.issuer))

    async def signed_in(
        self, username: str = "alice", scope: str = "openid profile email"
    ) -> Person:
        """Somebody who has signed in and allowed this client these scopes."""
        person = self.person()
        await self.authorize(person, username=username, scope=scope)
        return person

    async def authorize(
        self, person: Person, username: str = "alice", **request: str | None
    ) -> tuple[Flow, dict[str, str]]:
        """Go through the pages as far as they come, and allow; the flow and its response."""
        flow = self.begin(**request)  # type: ignore[arg-type]
        await person.open(flow.url)
        await go_through(person, username)
        return flow, callback(person)

    def proof(
        self, endpoint: str = "token", method: str = "POST", **changes: Any
    ) -> dict[str, str]:
        """The header of a DPoP proof for this endpoint."""
        assert self.key is not None
        url, now = self.issuer.endpoint(endpoint), self.world.clock.time
        return self.key.proof(method, url, now, **changes)

    async def token(
        self, *, proof: Mapping[str, str] | None = None, **parameters: str | None
    ) -> httpx2.Response:
        """A token request; the secret travels in the form unless `basic` headers are given."""
        credentials: dict[str, str | None] = {
            "client_id": self.client_id,
            "client_secret": self.secret,
        }
        form = {k: v for k, v in (credentials | parameters).items() if v is not None}
        if proof is None and self.key is not None:
            proof = self.proof()
        async with self.world.http(self.issuer) as http:
            return await http.post(self.issuer.endpoint("token"), data=form, headers=proof)

    async def redeem(
        self,
        flow: Flow,
        code: str,
        *,
        proof: Mapping[str, str] | None = None,
        **changes: str | None,
    ) -> httpx2.Response:
        parameters: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": flow.redirect_uri,
            "code_verifier": flow.verifier,
        }
        return await self.token(proof=proof, **(parameters | changes))

    async def tokens(
        self, username: str = "alice", scope: str = "openid profile email"
    ) -> dict[str, str]:
        """The whole flow: the members of the token response."""
        flow, response = await self.authorize(self.person(), username, scope=scope)
        answer = await self.redeem(flow, response["code"])
        assert answer.status_code == 200, answer.text
        members: dict[str, str] = answer.json()
        return members

    async def refresh(
        self, refresh_token: str, *, proof: Mapping[str, str] | None = None, **changes: str | None
    ) -> httpx2.Response:
        parameters: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
        }
        return await self.token(proof=proof, **(parameters | changes))

    async def userinfo(
        self, access_token: str, *, proof: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        if proof is None and self.key is not None:
            proof = self.proof("me", "GET", access_token=access_token)
        scheme = "Bearer" if proof is None else "DPoP"
        headers = {"authorization": f"{scheme} {access_token}", **(proof or {})}
        async with self.world.http(self.issuer) as http:
            return await http.get(self.issuer.endpoint("me"), headers=headers)

    async def ask(self, endpoint: str, **parameters: str | None) -> httpx2.Response:
        """A request with the client's credentials in the form: token/revocation, for example."""
        credentials = {"client_id": self.client_id, "client_secret": self.secret}
        form = {k: v for k, v in (credentials | parameters).items() if v is not None}
        async with self.world.http(self.issuer) as http:
            return await http.post(self.issuer.endpoint(endpoint), data=form)

    async def revoke(self, token: str, **parameters: str | None) -> httpx2.Response:
        return await self.ask("token/revocation", token=token, **parameters)

    async def introspect(self, token: str, **parameters: str | None) -> httpx2.Response:
        return await self.ask("token/introspection", token=token, **parameters)


async def go_through(person: Person, username: str = "alice") -> None:
    """Answer every page with yes until the browser leaves."""
    while person.left_to is None:
        buttons = {button for form in person.page.forms for button in form.buttons}
        if "sign-in" in buttons:
            await person.sign_in(username, PASSWORD)
        elif "allow" in buttons:
            await person.press("allow")
        elif "continue" in buttons:
            await person.press("continue")
        else:
            raise AssertionError(f"stuck at {person.page.url}: {person.page.text[:500]}")


def callback(person: Person) -> dict[str, str]:
    """The parameters with which the browser came back to the client, in query or fragment."""
    assert person.left_to is not None, person.page.text[:500]
    parts = urlsplit(person.left_to)
    pairs = parse_qsl(parts.query or parts.fragment, keep_blank_values=True, strict_parsing=True)
    assert len(pairs) == len(dict(pairs)), "no parameter twice"
    return dict(pairs)


def payload(token: str) -> dict[str, object]:
    """What a token says, with no check of its signature."""
    return _decoded(token.split(".")[1])


def header(token: str) -> dict[str, object]:
    return _decoded(token.split(".", maxsplit=1)[0])


def _decoded(segment: str) -> dict[str, object]:
    decoded: dict[str, object] = json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return decoded
