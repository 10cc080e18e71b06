"""An access token of our own, read once: what is asked of it at each use. RFC 9068 §2.2."""

from dataclasses import dataclass

from ostiary.protocol.tokens import Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """Proved to be one of ours, and for us.

    `jkt` is the key that it is bound to. `authorization_id` is None for a token of a client that
    acts for itself. `spent_id` is the name under which it is remembered once it is revoked.
    """

    claims: Claims
    client_id: str
    token_id: str
    scope: frozenset[str]
    expires_at: int
    jkt: str | None
    authorization_id: bytes | None
    spent_id: bytes
