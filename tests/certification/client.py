"""The client that the suite plays: no PKCE, either response mode, and it checks what it receives."""

from dataclasses import dataclass
from typing import Any

import httpx2
import jwt

from ostiary.protocol.response_mode import ResponseMode
from tests.kit.person import Person
from tests.kit.relying_party import Flow, RelyingParty, callback, go_through
from tests.kit.world import PASSWORD

WITHOUT_PKCE = {"code_challenge": None, "code_challenge_method": None}


@dataclass(frozen=True, slots=True)
class CertifiedClient:
    rp: RelyingParty
    mode: ResponseMode

    def begin(self, scope: str = "openid", **changes: str | None) -> Flow:
        mode = {} if self.mode is ResponseMode.QUERY else {"response_mode": str(self.mode)}
        return self.rp.begin(scope, **(WITHOUT_PKCE | mode | changes))

    async def visit(self, person: Person, flow: Flow) -> None:
        """As far as pages come, with yes to each."""
        await person.open(flow.url)
        if not self.has_answer(person):
            await go_on(person)

    def has_answer(self, person: Person) -> bool:
        return person.left_to is not None or "form-post" in form_ids(person)

    def answer(self, person: Person) -> dict[str, str]:
        """The authorization response, in whichever way it came."""
        if self.mode is ResponseMode.QUERY:
            return callback(person)
        (form,) = person.page.forms
        assert form.action == self.rp.redirect_uri
        return {name: value for name, value in form.values.items() if value}

    async def authorize(
        self, person: Person | None = None, **request: str | None
    ) -> tuple[Flow, dict[str, str]]:
        person = person or self.rp.person()
        flow = self.begin(**request)  # type: ignore[arg-type]
        await self.visit(person, flow)
        response = self.answer(person)
        assert response.get("state") == flow.sent.get("state")
        assert response["iss"] == self.rp.issuer.url
        return flow, response

    async def exchange(self, flow: Flow, response: dict[str, str]) -> httpx2.Response:
        return await self.rp.token(
            grant_type="authorization_code",
            code=response["code"],
            redirect_uri=flow.redirect_uri,
        )

    async def sign_in(
        self, person: Person | None = None, **request: str | None
    ) -> tuple[Flow, dict[str, Any], dict[str, Any]]:
        """The whole flow: the request, the token response, and the verified ID token's claims."""
        flow, response = await self.authorize(person, **request)
        answer = await self.exchange(flow, response)
        assert answer.status_code == 200, answer.text
        members = answer.json()
        return flow, members, await self.verified(members["id_token"], flow)

    async def verified(self, id_token: str, flow: Flow) -> dict[str, Any]:
        """OIDC Core §3.1.3.7, with the keys that the issuer publishes."""
        async with self.rp.world.http(self.rp.issuer) as http:
            keys = jwt.PyJWKSet.from_dict((await http.get(self.rp.issuer.endpoint("jwks"))).json())
        key = next(
            key for key in keys.keys if key.key_id == jwt.get_unverified_header(id_token)["kid"]
        )
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key,
            algorithms=["RS256"],
            audience=self.rp.client_id,
            issuer=self.rp.issuer.url,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        assert claims["iat"] <= self.rp.world.clock.time < claims["exp"]
        assert claims.get("nonce") == flow.sent.get("nonce")
        return claims

    async def userinfo(self, access_token: str) -> dict[str, Any]:
        answer = await self.rp.userinfo(access_token)
        assert answer.status_code == 200
        members: dict[str, Any] = answer.json()
        return members


def form_ids(person: Person) -> set[str]:
    if person.left_to is not None or not person.page.forms:
        return set()
    form = person.page.forms[0]
    return {"form-post"} if {"iss"} <= set(form.values) else set()


async def go_on(person: Person) -> None:
    """Answer each page until the browser leaves, or holds a form for the client."""
    while person.left_to is None and not form_ids(person):
        buttons = {button for form in person.page.forms for button in form.buttons}
        if "sign-in" in buttons:
            await person.sign_in("alice", PASSWORD)
        elif "allow" in buttons:
            await person.press("allow")
        else:
            await go_through(person)
