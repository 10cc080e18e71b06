"""A walk through everything that the contracts document: each call, and what it was answered.

The walk is one client's life: it looks at discovery, signs a person in by every documented way,
refreshes, asks for claims, makes every documented mistake, revokes, signs out.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2

from ostiary.domain.issuer import Issuer
from tests.contract.documents import Operation, operation
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty, callback, go_through
from tests.kit.world import World


@dataclass(frozen=True, slots=True)
class Call:
    operation: Operation
    sent: frozenset[str]
    answer: httpx2.Response


@dataclass(slots=True)
class Walk:
    world: World
    issuer: Issuer
    key: ClientKey = field(default_factory=ClientKey.make)

    @property
    def face(self) -> str:
        return self.issuer.face_name

    @property
    def rp(self) -> RelyingParty:
        return RelyingParty(self.world, self.issuer)

    async def calls(self) -> AsyncIterator[Call]:
        """Every call of the walk."""
        parts = (self._documents(), self._visits(), self._tokens(), self._userinfo(), self._end())
        for part in parts:
            async for call in part:
                yield call
        if self.face == "enterprise":
            async for call in self._pushes():
                yield call
            async for call in self._sign_out():
                yield call

    async def call(
        self,
        method: str,
        ending: str,
        sent: Mapping[str, str | None] | None = None,
        headers: Mapping[str, str] | None = None,
        http: httpx2.AsyncClient | None = None,
    ) -> Call:
        """One documented call: parameters in the query of a GET, in the form of a POST."""
        documented = operation(self.face, method, ending)
        values = {name: value for name, value in (sent or {}).items() if value is not None}
        url = f"{self.issuer.origin}{documented.path}"
        named: dict[str, Any] = {"params": values} if method == "GET" else {"data": values}
        if method == "GET" and not values:
            named = {}
        client = http or self.world.http(self.issuer)
        answer = await client.request(method, url, headers=headers, **named)
        used = set(values) | {"DPoP" for name in (headers or {}) if name == "dpop"}
        return Call(documented, frozenset(used), answer)

    @property
    def secret(self) -> dict[str, str | None]:
        return {"client_id": "web", "client_secret": self.rp.secret}

    # ---- the parts ------------------------------------------------------------------------------

    async def _documents(self) -> AsyncIterator[Call]:
        yield await self.call("GET", "/.well-known/openid-configuration")
        yield await self.call("GET", "/jwks")

    async def _visits(self) -> AsyncIterator[Call]:
        """The authorization endpoint: a page, a redirect, a mistake that stays here."""
        extras = {"claims": '{"id_token":{"email":null}}', "prompt": "login"}
        if self.face == "enterprise":
            extras["login_hint"] = "alice"
        for prompt in ("login", "consent"):
            yield await self.call("GET", "/auth", self.rp.begin(**extras | {"prompt": prompt}).sent)
        signed_in = await self.rp.signed_in()
        yield await self.call("GET", "/auth", self.rp.begin().sent, http=signed_in.http)
        posted = self.rp.begin(response_mode="form_post").sent
        yield await self.call("GET", "/auth", posted, http=signed_in.http)
        yield await self.call("GET", "/auth", self.rp.begin(response_type="token").sent)
        yield await self.call("GET", "/auth", {"client_id": "nobody", "response_type": "code"})
        if self.face == "consumer":
            form = self.rp.begin(claims=extras["claims"], prompt="consent").sent
            yield await self.call("POST", "/auth", form)
            yield await self.call("POST", "/auth", posted, http=signed_in.http)
            yield await self.call("POST", "/auth", {"client_id": "nobody"})

    async def _tokens(self) -> AsyncIterator[Call]:
        """The token endpoint: each grant, each way to prove who asks, each documented refusal."""
        offline = "openid profile offline_access"
        flow, response = await self.rp.authorize(self.rp.person(), scope=offline)
        code = {
            "grant_type": "authorization_code",
            "code": response["code"],
            "redirect_uri": flow.redirect_uri,
            "code_verifier": flow.verifier,
        }
        headers = self._proof("token") if self.face == "enterprise" else {}
        exchanged = await self.call("POST", "/token", {**code, **self.secret}, headers)
        yield exchanged
        refresh_token = exchanged.answer.json()["refresh_token"]
        refresh = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        yield await self.call(
            "POST", "/token", {**refresh, **self.secret}, headers and self._proof("token")
        )
        service: dict[str, str | None] = {"grant_type": "client_credentials", "scope": "openid"}
        yield await self.call("POST", "/token", {**service, **self.secret})
        assertion = self.key.assertion(
            "signer", self.issuer.endpoint("token"), self.world.clock.time
        )
        yield await self.call("POST", "/token", {**service, "client_id": "signer", **assertion})
        yield await self.call("POST", "/token", service)
        yield await self.call(
            "POST", "/token", {**service, **self.secret, "client_secret": "wrong"}
        )
        yield await self.call("POST", "/token", {**code, **self.secret})

    async def _userinfo(self) -> AsyncIterator[Call]:
        tokens = await self.rp.tokens(scope="openid profile email phone address")
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        yield await self.call("GET", "/me", headers=headers)
        yield await self.call("GET", "/me")
        yield await self.call("GET", "/me", headers={"authorization": "Bearer nothing"})

    async def _end(self) -> AsyncIterator[Call]:
        """Revocation, documented for both faces."""
        tokens = await self.rp.tokens(scope="openid offline_access")
        for name in ("access_token", "refresh_token"):
            form = {"token": tokens[name], "token_type_hint": name, **self.secret}
            yield await self.call("POST", "/token/revocation", form)
        yield await self.call("POST", "/token/revocation", {"token": "unknown", **self.secret})
        yield await self.call("POST", "/token/revocation", {"token": "unknown"})
        wrong = {**self.secret, "client_secret": "wrong", "token": "unknown"}
        yield await self.call("POST", "/token/revocation", wrong)

    async def _pushes(self) -> AsyncIterator[Call]:
        extras = {
            "claims": '{"id_token":{"email":null}}',
            "prompt": "consent",
            "login_hint": "alice",
        }
        pushed = await self.call(
            "POST", "/request", {**self.rp.begin(**extras).sent, **self.secret}
        )
        yield pushed
        visit = {"client_id": "web", "request_uri": pushed.answer.json()["request_uri"]}
        yield await self.call("GET", "/auth", visit)
        html = {"accept": "text/html"}
        wrong = self.rp.begin(response_type="token").sent
        yield await self.call("POST", "/request", {**wrong, **self.secret}, html)
        yield await self.call("POST", "/request", self.rp.begin().sent, html)

    async def _sign_out(self) -> AsyncIterator[Call]:
        flow = self.rp.begin()
        person = await self.rp.person().open(flow.url)
        await go_through(person)
        tokens = (await self.rp.redeem(flow, callback(person)["code"])).json()
        hint = {"id_token_hint": tokens["id_token"], "state": "s"}
        yield await self.call("GET", "/logout", {"client_id": "web"}, http=person.http)
        back = {"post_logout_redirect_uri": flow.redirect_uri, "client_id": "web"}
        yield await self.call("GET", "/logout", {**hint, **back}, http=person.http)
        wrong = {**hint, "post_logout_redirect_uri": "https://evil.example/"}
        yield await self.call("GET", "/logout", wrong, http=person.http)

    def _proof(self, endpoint: str) -> dict[str, str]:
        return self.key.proof("POST", self.issuer.endpoint(endpoint), self.world.clock.time)


def redirected(answer: httpx2.Response) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))
