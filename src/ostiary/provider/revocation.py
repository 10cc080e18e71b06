"""Ending an authorization with every token that it gave, or an access token alone.

RFC 6749 §4.1.2, RFC 9700 §4.14.2, RFC 7009 §2.1.
"""

from ostiary.domain.access_token import AccessToken
from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.authorization import Authorization
from ostiary.domain.refusals import ReasonCode
from ostiary.provider.op import OpenIDProvider

CLIENT_REQUEST = "client_request"


async def revoke_authorization(
    authorization: Authorization, cause: ReasonCode, op: OpenIDProvider, now: int
) -> None:
    """Because of what somebody did with it. Does nothing to one that has ended before."""
    await _end(authorization, op, now, actor="ostiary", reason=cause.name.lower())


async def revoke_for_client(authorization: Authorization, op: OpenIDProvider, now: int) -> None:
    """Because its client asked. Does nothing to one that has ended before."""
    await _end(authorization, op, now, actor=authorization.client_id, reason=CLIENT_REQUEST)


async def revoke_access_token(token: AccessToken, op: OpenIDProvider, now: int) -> None:
    """Because its client asked: this token alone, at our own endpoints, until it expires."""
    event = AuditEvent(
        type=EventType.ACCESS_TOKEN_REVOKED,
        at=now,
        actor=token.client_id,
        client_id=token.client_id,
        reason=CLIENT_REQUEST,
        details={"jti": token.token_id},
    )
    await op.store.spent.revoke(
        op.issuer.issuer_id, token.spent_id, expires_at=token.expires_at, event=event
    )


async def _end(
    authorization: Authorization, op: OpenIDProvider, now: int, *, actor: str, reason: str
) -> None:
    event = AuditEvent(
        type=EventType.AUTHORIZATION_REVOKED,
        at=now,
        actor=actor,
        client_id=authorization.client_id,
        user_id=authorization.user_id,
        institution_id=authorization.institution_id,
        reason=reason,
    )
    await op.store.authorizations.revoke(op.issuer.issuer_id, authorization.authorization_id, event)
