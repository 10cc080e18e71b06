"""Tokens that an attacker would like to be ours: some signed with our own keys."""

import json
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives import hashes, hmac

from ostiary.domain.issuer import Issuer
from ostiary.domain.signing_keys import KeyState, states
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.tokens import Claims
from ostiary.signing.signer import Signer, make_signing_key
from tests.kit.world import ENTERPRISE, MASTER_KEY, START, World


async def sign_as_issuer(
    world: World,
    claims: Claims,
    token_type: str | None = "at+jwt",
    algorithm: Algorithm = Algorithm.ES256,
    issuer: Issuer = ENTERPRISE,
) -> str:
    """With the issuer's own active key."""
    keys = await world.store.keys.signing_keys(issuer.issuer_id)
    state = states(keys, world.clock.now())
    active = [key for key in keys if state[key.kid] is KeyState.ACTIVE]
    return Signer(active, MASTER_KEY, issuer.issuer_id).sign(claims, algorithm, token_type)


def sign_as_stranger(claims: Claims, kid: str | None = None) -> str:
    """With a key of the attacker's, under any name."""
    key = make_signing_key("x", Algorithm.ES256, MASTER_KEY, now=START, activates_at=START)
    token = Signer([key], MASTER_KEY, "x").sign(claims, Algorithm.ES256, "at+jwt")
    header = {"alg": "ES256", "typ": "at+jwt", "kid": kid or key.kid}
    return f"{segment(header)}.{token.partition('.')[2]}"


def sign_with_secret(header: Claims, claims: Claims, secret: bytes) -> str:
    """HS256 with whatever bytes: a public key's, for example."""
    message = f"{segment(header)}.{segment(claims)}"
    mac = hmac.HMAC(secret, hashes.SHA256())
    mac.update(message.encode())
    return f"{message}.{urlsafe_b64encode(mac.finalize()).rstrip(b'=').decode()}"


def segment(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
