"""What our tokens say. OIDC Core §2 (ID token), RFC 9068 §2.2 (access token)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import TypeAlias

from ostiary.protocol.base64url import encode_base64url

ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105  RFC 9068 §2.1

# What JSON can say. Claims are read-only to everybody but the function that builds them.
Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
Claims: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """How and when the person signed in. OIDC Core §2."""

    auth_time: int
    acr: str
    amr: tuple[str, ...]


def access_token_claims(  # noqa: PLR0913  the members of RFC 9068 §2.2, each by its name
    *,
    issuer: str,
    subject: str,
    audience: str,
    client_id: str,
    scope: str,
    issued_at: int,
    expires_at: int,
    token_id: str,
    authentication: Authentication | None,
) -> dict[str, Json]:
    """RFC 9068 §2.2; a client acting for itself has no authentication (§2.2.1)."""
    claims: dict[str, Json] = {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "client_id": client_id,
        "iat": issued_at,
        "exp": expires_at,
        "jti": token_id,
    }
    if scope:
        claims["scope"] = scope
    if authentication:
        claims |= authentication_claims(authentication)
    return claims


def authentication_claims(authentication: Authentication) -> dict[str, Json]:
    """auth_time, acr and amr. OIDC Core §2."""
    return {
        "auth_time": authentication.auth_time,
        "acr": authentication.acr,
        "amr": list(authentication.amr),
    }


def half_hash(value: str, algorithm: str) -> str:
    """at_hash: the left half of the token's hash, with the ID token's own hash. OIDC Core §3.1.3.6."""
    # Ed25519 hashes with SHA-512 inside, which is what at_hash then uses.
    digest = (sha512 if algorithm == "EdDSA" else sha256)(value.encode("ascii")).digest()
    return encode_base64url(digest[: len(digest) // 2])
