"""An introspection response as a signed token. RFC 9701 §5."""

from collections.abc import Mapping

from ostiary.protocol.tokens import Json

INTROSPECTION_TOKEN_TYPE = "token-introspection+jwt"  # noqa: S105  a name


def introspection_token_claims(
    *, issuer: str, audience: str, issued_at: int, introspection: Mapping[str, Json]
) -> dict[str, Json]:
    """RFC 9701 §5; without sub and exp, so that it cannot pass for an access token (§8.1)."""
    return {
        "iss": issuer,
        "aud": audience,
        "iat": issued_at,
        "token_introspection": introspection,
    }
