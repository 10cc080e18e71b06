"""A client that proves itself by a signed assertion, as the tests of RFC 7521 and RFC 7523 send it."""

from dataclasses import dataclass, field
from typing import Any

import httpx2

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.issuer import Issuer
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.kit.world import World, a_client
from tests.specs.wire import post_token

CLIENT_CREDENTIALS = {"grant_type": "client_credentials"}


def a_signing_client(issuer: Issuer, key: ClientKey, **changes: object) -> Client:
    values: dict[str, object] = {
        "auth_method": AuthMethod.PRIVATE_KEY_JWT,
        "secrets": (),
        "public_keys": (key.public_jwk,),
    }
    return a_client("signer", issuer, **(values | changes))


@dataclass(slots=True)
class Signer:
    world: World
    issuer: Issuer
    key: ClientKey = field(default_factory=ClientKey.make)

    async def register(self, **changes: object) -> "Signer":
        client = a_signing_client(self.issuer, self.key, **changes)
        await self.world.add_client(client, self.issuer)
        return self

    @property
    def rp(self) -> RelyingParty:
        return RelyingParty(self.world, self.issuer, "signer", "https://rp.example/cb", None)

    def assertion(self, **changes: Any) -> dict[str, Any]:
        """The form members; a claim set to None is left out."""
        now = self.world.clock.time
        return self.key.assertion("signer", self.issuer.url, now, **changes)

    async def ask(self, **changes: Any) -> httpx2.Response:
        """For a token of its own, with an assertion of these claims."""
        return await self.send(self.assertion(**changes))

    async def send(self, form: dict[str, Any]) -> httpx2.Response:
        return await post_token(self.rp, CLIENT_CREDENTIALS | form)
