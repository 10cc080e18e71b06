"""Tokens that the provider never issued: signed with its own keys, or made to look like it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from ostiary.domain.issuer import Issuer
from ostiary.domain.signing_keys import KeyState, states
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.signing.signer import Signer
from ostiary.signing.software import load_private_key
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


async def signed_by_the_issuer(
    world: World, issuer: Issuer, header: Mapping[str, Any], claims: Mapping[str, Any]
) -> str:
    """A token whose ES256 signature is good, under a header that the provider would not write."""
    keys = await world.store.keys.signing_keys(issuer.issuer_id)
    (key,) = [each for each in keys if each.algorithm is Algorithm.ES256]
    sealed_for = f"signing-key {issuer.issuer_id} {key.kid}"
    private = load_private_key(MASTER_KEY.open(key.sealed, sealed_for))
    head = {"typ": "at+jwt", "kid": key.kid, **header}
    return jwt.encode(dict(claims), private, algorithm="ES256", headers=head)


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any], signature: bytes = b"") -> str:
    """A compact JWS to the letter."""
    parts = [json.dumps(dict(header)).encode(), json.dumps(dict(claims)).encode(), signature]
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
