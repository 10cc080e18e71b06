"""Signatures of tokens that come to us: ours, and those of clients. RFC 7515 §5.2, RFC 8725 §3.

The key decides the algorithm, never the token; keys in the header are not looked at.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.jose.compact import UnverifiedToken, parse_token
from ostiary.protocol.jose.public_key import PublicKey, parse_public_key
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Claims, Json

MAX_KEYS_TRIED = 5
HS256 = "HS256"
SHORTEST_SECRET = 32  # bytes, RFC 7518 §3.2


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """A token whose signature has been verified with one of the given keys."""

    type: str | None
    kid: str | None
    claims: Claims


def verify_token(token: str, keys: Mapping[str, Mapping[str, Json]]) -> VerifiedToken:
    """The token's claims, proved to be signed by one of `keys` (JWKs with `alg`, by `kid`)."""
    unverified = parse_token(token)
    jwk = keys.get(unverified.kid) if unverified.kid is not None else None
    if jwk is None:
        raise Malformed("token", "the kid of one of our keys")
    key = parse_public_key(jwk, frozenset({ClientAlgorithm(str(jwk["alg"]))}))
    return verify_signature(unverified, (key,), key.algorithms)


def verify_signature(
    token: UnverifiedToken,
    keys: Sequence[PublicKey],
    algorithms: frozenset[ClientAlgorithm],
) -> VerifiedToken:
    """The token, proved to be signed by one of `keys` with one of `algorithms`.

    A key that has no `kid` fits any; without one in the token the first MAX_KEYS_TRIED keys of the
    fitting type are tried. RFC 7515 §4.1.4, appendix D
    """
    algorithm = next((each for each in algorithms if each == token.algorithm), None)
    if algorithm is None:
        raise Malformed("alg", " or ".join(sorted(algorithms)))
    fitting = [key for key in keys if algorithm in key.algorithms and _is_named(key, token)]
    for key in fitting[:MAX_KEYS_TRIED]:
        if key.verifies(token.signing_input, token.signature, algorithm):
            return VerifiedToken(type=token.type, kid=token.kid, claims=token.claims)
    raise Malformed("token", "a signature by one of the registered keys")


def verify_hmac(token: UnverifiedToken, secret: bytes) -> VerifiedToken:
    """The token, proved to be signed with HS256 and a secret that both sides know. RFC 7518 §3.2"""
    if token.algorithm != HS256:
        raise Malformed("alg", HS256)
    if len(secret) < SHORTEST_SECRET:
        raise Malformed("secret", f"at least {SHORTEST_SECRET} bytes")
    if not hmac.compare_digest(hmac.digest(secret, token.signing_input, "sha256"), token.signature):
        raise Malformed("token", "a signature with the client's secret")
    return VerifiedToken(type=token.type, kid=token.kid, claims=token.claims)


def _is_named(key: PublicKey, token: UnverifiedToken) -> bool:
    return token.kid is None or key.kid is None or key.kid == token.kid
