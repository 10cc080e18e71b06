"""Ending an authorization, and with it every token that it gave. RFC 6749 §4.1.2, RFC 9700 §4.14.2."""

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.authorization import Authorization
from ostiary.domain.refusals import ReasonCode
from ostiary.provider.op import OpenIDProvider


async def revoke_authorization(
    authorization: Authorization, cause: ReasonCode, op: OpenIDProvider, now: int
) -> None:
    """Because of what somebody did with it. Does nothing to one that has ended before."""
    event = AuditEvent(
        type=EventType.AUTHORIZATION_REVOKED,
        at=now,
        actor="ostiary",
        client_id=authorization.client_id,
        user_id=authorization.user_id,
        institution_id=authorization.institution_id,
        reason=cause.name.lower(),
    )
    await op.store.authorizations.revoke(op.issuer.issuer_id, authorization.authorization_id, event)
