"""The token that tells a client that one of its sessions is over. Back-Channel Logout §2.4."""

from ostiary.protocol.tokens import Json

LOGOUT_TOKEN_TYPE = "logout+jwt"  # noqa: S105  a name

_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def logout_token_claims(
    *,
    issuer: str,
    subject: str,
    session_id: str,
    audience: str,
    issued_at: int,
    expires_at: int,
    token_id: str,
) -> dict[str, Json]:
    """Back-Channel Logout §2.4; never with a nonce, so that it cannot pass for an ID token."""
    return {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "iat": issued_at,
        "exp": expires_at,
        "jti": token_id,
        "sid": session_id,
        "events": {_EVENT: {}},
    }
