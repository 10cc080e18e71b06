"""Security events: what is written down, in the transaction of the change itself."""

from dataclasses import dataclass, field
from enum import StrEnum

from ostiary.protocol.tokens import Claims


class EventType(StrEnum):
    SIGN_IN_SUCCEEDED = "sign_in.succeeded"
    SIGN_IN_REFUSED = "sign_in.refused"
    SIGN_IN_DELAYED = "sign_in.delayed"
    SESSION_ENDED = "session.ended"
    LOGOUT_UNDELIVERED = "logout.undelivered"
    CONSENT_GRANTED = "consent.granted"
    CONSENT_DENIED = "consent.denied"
    AUTHORIZATION_REVOKED = "authorization.revoked"
    ACCESS_TOKEN_REVOKED = "access_token.revoked"  # noqa: S105  a name
    ISSUER_CHANGED = "issuer.changed"
    INSTITUTION_CHANGED = "institution.changed"
    CLIENT_CHANGED = "client.changed"
    CLIENT_SECRET_ADDED = "client.secret_added"  # noqa: S105  a name
    USER_CHANGED = "user.changed"
    USER_UNLOCKED = "user.unlocked"
    PASSWORD_CHANGED = "user.password_changed"  # noqa: S105  a name
    KEY_ADDED = "key.added"
    DATABASE_RESTORED = "database.restored"
    KEY_ERASED = "key.erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """`actor` is who did it: a user's or a client's id, "operator", or "ostiary" itself."""

    type: EventType
    at: int
    actor: str
    client_id: str | None = None
    user_id: str | None = None
    institution_id: str | None = None
    reason: str | None = None
    details: Claims = field(default_factory=dict)
