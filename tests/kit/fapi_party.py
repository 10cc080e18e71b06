"""A client of profile fapi2_security: pushes, proves itself by assertion, and holds a DPoP key."""

from dataclasses import dataclass, field
from functools import cache

import httpx2

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.issuer import Issuer
from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.client_key import ClientKey
from tests.kit.person import Person
from tests.kit.relying_party import Flow, RelyingParty, callback, go_through
from tests.kit.world import World, a_client

JSON = dict[str, object]


@cache
def kept_key(algorithm: str) -> ClientKey:
    """One for all tests: an RSA key takes long to make."""
    return ClientKey.make(algorithm)


def fapi_client(
    key: ClientKey, issuer: Issuer, client_id: str = "fapi", **changes: object
) -> Client:
    values: dict[str, object] = {
        "profile_name": "fapi2_security",
        "auth_method": AuthMethod.PRIVATE_KEY_JWT,
        "secrets": (),
        "public_keys": (key.public_jwk,),
        "id_token_algorithm": Algorithm.PS256,
    }
    return a_client(client_id, issuer, **(values | changes))


@dataclass(slots=True)
class FapiParty:
    world: World
    issuer: Issuer
    key: ClientKey = field(default_factory=lambda: kept_key("PS256"))
    dpop_key: ClientKey = field(default_factory=lambda: kept_key("ES256"))

    @property
    def rp(self) -> RelyingParty:
        return RelyingParty(self.world, self.issuer, "fapi", "https://rp.example/cb", None)

    async def register(self, **changes: object) -> "FapiParty":
        client = fapi_client(self.key, self.issuer, "fapi", **changes)
        await self.world.add_client(client, self.issuer)
        return self

    def assertion(self, **changes: object) -> dict[str, str]:
        return self.key.assertion("fapi", self.issuer.url, self.world.clock.time, **changes)

    def proof(self, endpoint: str, method: str = "POST", **changes: object) -> dict[str, str]:
        url = self.issuer.endpoint(endpoint)
        return self.dpop_key.proof(method, url, self.world.clock.time, **changes)  # type: ignore[arg-type]

    async def post(
        self, endpoint: str, form: dict[str, str], headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        async with self.world.http(self.issuer) as http:
            return await http.post(self.issuer.endpoint(endpoint), data=form, headers=headers)

    async def push(self, flow: Flow, **changes: str) -> httpx2.Response:
        return await self.post("request", {**flow.sent, **self.assertion(), **changes})

    async def authorize(
        self, person: Person | None = None, **request: str | None
    ) -> tuple[Flow, str]:
        """From the push to the code."""
        flow = self.rp.begin(**request)  # type: ignore[arg-type]
        answer = await self.push(flow)
        assert answer.status_code == 201, answer.text
        person = person or self.rp.person()
        await person.open(self.rp.visit_of(answer.json()["request_uri"]))
        await go_through(person)
        return flow, callback(person)["code"]

    async def redeem(
        self, flow: Flow, code: str, headers: dict[str, str] | None = None, **changes: str
    ) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": flow.redirect_uri,
            "code_verifier": flow.verifier,
            **(self.assertion() if "client_assertion" not in changes else {}),
            **changes,
        }
        return await self.post("token", form, self.proof("token") if headers is None else headers)

    async def tokens(self, scope: str = "openid profile email offline_access") -> dict[str, str]:
        flow, code = await self.authorize(scope=scope)
        answer = await self.redeem(flow, code)
        assert answer.status_code == 200, answer.text
        members: dict[str, str] = answer.json()
        return members
