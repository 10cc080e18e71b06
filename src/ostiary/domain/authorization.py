"""An authorization: what one user allowed one client in one sign-in, from code to last refresh."""

from dataclasses import dataclass

from ostiary.domain.client import Client
from ostiary.protocol.tokens import Authentication, Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """One row. All instants in seconds; `refresh_until` is None without a refresh token.

    `claims` is the claims parameter as canonical JSON (OIDC Core §5.5). `code_jkt` and `refresh_jkt`
    are thumbprints of the keys to which code and refresh token are bound (RFC 9449 §5, §10).
    `notify_logout`: its client is told when the session ends.
    """

    authorization_id: bytes
    client_id: str
    user_id: str
    institution_id: str
    session_id: bytes
    scope: frozenset[str]
    nonce: str | None
    redirect_uri: str
    code_challenge: str | None
    authentication: Authentication
    created_at: int
    code_expires_at: int
    ends_at: int
    offline: bool
    claims: str | None = None
    code_jkt: str | None = None
    refresh_jkt: str | None = None
    notify_logout: bool = False
    redeemed_at: int | None = None
    refresh_until: int | None = None
    generation: int = 0
    rotated_at: int | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An authorization with what decides whether it may still be used: one read."""

    authorization: Authorization
    user_disabled: bool
    # What began before this instant is over: the password was changed then.
    user_valid_after: int
    # When the session in which it began is over: 0 for one that has been ended.
    session_until: int
    # What the institution says of the person; None when they are no longer a member.
    claims: Claims | None
    # Whether the access token for which it was looked up has been revoked, it alone.
    token_revoked: bool = False

    def is_of(self, client: Client) -> bool:
        """Whether its client is still there for the institution of the authorization."""
        return self.authorization.institution_id in client.institution_ids

    def may_act(self, now: int) -> bool:
        """Whether anything may still be done under this authorization, at any endpoint."""
        authorization = self.authorization
        return (
            authorization.revoked_at is None
            and not self.token_revoked
            and now < authorization.ends_at
            and not self.user_disabled
            and authorization.created_at >= self.user_valid_after
            and self.claims is not None
            and (authorization.offline or now < self.session_until)
        )
