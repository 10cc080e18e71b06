"""An ID token that comes back to us as a hint. OIDC Core §3.1.2.1, RP-Initiated Logout §2, §4."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.protocol.jose.jws import verify_token
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenHint:
    """What one of our own ID tokens says: for whom it was made, of whom, and in which session."""

    client_id: str
    subject: str
    session_id: str


def parse_id_token_hint(
    token: str, keys: Mapping[str, Mapping[str, Json]], issuer_url: str
) -> IdTokenHint:
    """An expired ID token is a good hint; another kind of token is none. Raises Malformed.

    Our other tokens have a type, or no session. RFC 8725 §3.12.
    """
    verified = verify_token(token, keys)
    claims = verified.claims
    client_id, subject, session_id = claims.get("aud"), claims.get("sub"), claims.get("sid")
    if (
        verified.type is not None
        or claims.get("iss") != issuer_url
        or not isinstance(client_id, str)
        or not isinstance(subject, str)
        or not isinstance(session_id, str)
    ):
        raise Malformed("id_token_hint", f"an ID token of {issuer_url} for one application")
    return IdTokenHint(client_id=client_id, subject=subject, session_id=session_id)
