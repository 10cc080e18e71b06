"""Tokens that the provider never issued: signed with its own keys, or made to look like it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostiary.domain.issuer import Issuer
from ostiary.domain.signing_keys import KeyState, states
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.signing.signer import Signer
from tests.kit.world import MASTER_KEY, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Forger:
    """Whoever can sign with the issuer's own keys, and says something else than it does."""

    signer: Signer

    @classmethod
    async def at(cls, world: World, issuer: Issuer) -> "Forger":
        keys = await world.store.keys.signing_keys(issuer.issuer_id)
        state = states(keys, world.clock.now())
        active = [key for key in keys if state[key.kid] is KeyState.ACTIVE]
        return cls(signer=Signer(active, MASTER_KEY, issuer.issuer_id))

    def access_token(self, claims: Mapping[str, Any], token_type: str | None = "at+jwt") -> str:
        return self.signer.sign(claims, Algorithm.ES256, token_type)

    def id_token(self, claims: Mapping[str, Any]) -> str:
        return self.signer.sign(claims, Algorithm.RS256)


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any], signature: bytes = b"") -> str:
    """A compact JWS to the letter."""
    parts = [json.dumps(dict(header)).encode(), json.dumps(dict(claims)).encode(), signature]
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
