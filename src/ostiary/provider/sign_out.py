"""Signing out of the issuer. What a client may ask of it (RP-Initiated Logout) is not here yet."""

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.handles import Purpose
from ostiary.domain.session import SignedIn, is_live
from ostiary.provider.cookies import session_cookie_name
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider


async def find_leaving(request: EndpointRequest, op: OpenIDProvider) -> SignedIn | None:
    """Who would be signed out; None when nobody is signed in here any more."""
    cookie = request.cookie(session_cookie_name(op.issuer)) or ""
    handle = op.handles.open(cookie, Purpose.SESSION)
    if handle is None:
        return None
    # No client asks, so neither a membership nor a consent is looked for.
    found = await op.store.sessions.find_signed_in(op.issuer.issuer_id, handle.id, "", "")
    if found is None:
        return None
    live = is_live(found, handle.generation, op.issuer.lifetimes, op.clock.now())
    return found if live else None


async def sign_out(leaving: SignedIn, op: OpenIDProvider) -> None:
    """End the session, and with it every authorization that was not given to last."""
    session = leaving.session
    event = AuditEvent(
        type=EventType.SESSION_ENDED,
        at=op.clock.now(),
        actor=session.user_id,
        user_id=session.user_id,
        reason="signed_out",
    )
    await op.store.sessions.end(op.issuer.issuer_id, session.session_id, event)
