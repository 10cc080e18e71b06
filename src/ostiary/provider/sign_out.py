"""Signing out of the issuer: who would be, whom it concerns, and the end of the session.

RP-Initiated Logout §2, Back-Channel Logout §2.3.
"""

from collections.abc import Sequence

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.client import Client
from ostiary.domain.handles import Purpose
from ostiary.domain.session import Session, SignedIn, is_live
from ostiary.provider.cookies import session_cookie_name
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.logout_request import LogoutRequest
from ostiary.provider.op import OpenIDProvider


async def find_leaving(
    request: EndpointRequest, client: Client | None, op: OpenIDProvider
) -> SignedIn | None:
    """Who would be signed out; None when nobody is signed in here any more."""
    cookie = request.cookie(session_cookie_name(op.issuer)) or ""
    handle = op.handles.open(cookie, Purpose.SESSION)
    if handle is None:
        return None
    # Without a client neither a membership nor a consent is found, nor needed.
    client_id, institution_id = (client.client_id, client.institution_id) if client else ("", "")
    found = await op.store.sessions.find_signed_in(
        op.issuer.issuer_id, handle.id, client_id, institution_id
    )
    if found is None:
        return None
    live = is_live(found, handle.generation, op.issuer.lifetimes, op.clock.now())
    return found if live else None


def is_named(session: Session, asked: LogoutRequest, op: OpenIDProvider) -> bool:
    """Whether the request's hint is an ID token of this very session: then its client speaks for the
    person, and nothing has to be asked."""
    if asked.hint is None or asked.client is None:
        return False
    return (asked.hint.subject, asked.hint.session_id) == (
        op.subjects.of(asked.client, session.user_id),
        op.subjects.session_of(asked.client, session.session_id),
    )


async def find_told(session: Session, op: OpenIDProvider) -> Sequence[Client]:
    """The clients that will be told when this session ends."""
    client_ids = await op.store.logout_notices.find_clients(op.issuer.issuer_id, session.session_id)
    clients = [await op.find_client(client_id) for client_id in client_ids]
    return [client for client in clients if client is not None and client.backchannel_logout_uri]


async def sign_out(session: Session, op: OpenIDProvider) -> None:
    """End the session, and with it every authorization that was not given to last."""
    event = AuditEvent(
        type=EventType.SESSION_ENDED,
        at=op.clock.now(),
        actor=session.user_id,
        user_id=session.user_id,
        reason="signed_out",
    )
    await op.store.sessions.end(op.issuer.issuer_id, session.session_id, event)
    op.session_ended.set()
