"""Sessions: what a sign-in makes of the browser's session."""

from dataclasses import replace

from ostiary.accounts.factors import level_proved
from ostiary.domain.client import Client
from ostiary.domain.handles import Handle, HandleKeys, Purpose
from ostiary.domain.issuer import Issuer
from ostiary.domain.session import Session, SignedIn, is_live
from ostiary.storage.interactions import SignInChange
from ostiary.storage.store import Store


async def find_signed_in(
    store: Store,
    issuer: Issuer,
    handle: Handle | None,
    client: Client,
    now: int,
    institution_id: str | None = None,
) -> SignedIn | None:
    """Who is signed in by this session handle, with what the institution knows of them.

    Without `institution_id` it is any institution of the client.
    """
    if handle is None:
        return None
    candidates = client.institution_ids if institution_id is None else (institution_id,)
    found = await store.sessions.find_signed_in(
        issuer.issuer_id, handle.id, client.client_id, candidates[0]
    )
    if found is None or not is_live(found, handle.generation, issuer.lifetimes, now):
        return None
    if len(candidates) == 1:
        return found
    return await _of_several(store, issuer, handle, client, found, candidates)


async def _of_several(
    store: Store,
    issuer: Issuer,
    handle: Handle,
    client: Client,
    found: SignedIn,
    candidates: tuple[str, ...],
) -> SignedIn:
    """The same person with the institutions among which they have to choose, or the only one."""
    memberships = await store.users.memberships(issuer.issuer_id, found.session.user_id)
    known = {each.institution_id for each in memberships}
    own = tuple(each for each in candidates if each in known)
    if len(own) == 1 and own != candidates[:1]:
        found = (
            await store.sessions.find_signed_in(
                issuer.issuer_id, handle.id, client.client_id, own[0]
            )
            or found
        )
    return replace(found, institution_ids=own)


def plan_sign_in(
    issuer: Issuer,
    current: Session | None,
    user_id: str,
    amr: tuple[str, ...],
    session_id: bytes,
    now: int,
    *,
    valid_after: int = 0,
) -> SignInChange:
    """The session after a sign-in: the same one for the same person, else a new one.

    Either way the cookie changes, and the one before is dead (session fixation). A sign-in in the
    second of a password change counts from the next, for what that second began is over.
    """
    renews = current is not None and current.user_id == user_id
    session = Session(
        session_id=current.session_id if current and renews else session_id,
        generation=current.generation + 1 if current and renews else 0,
        user_id=user_id,
        auth_time=max(now, valid_after),
        amr=amr,
        level=level_proved(amr),
        seen_at=now,
        expires_at=now + issuer.lifetimes.session,
    )
    ends = current.session_id if current and not renews else None
    return SignInChange(session=session, renews=renews, ends=ends)


def session_cookie(handles: HandleKeys, session: Session) -> str:
    """The cookie's value for a session."""
    handle = Handle(id=session.session_id, generation=session.generation)
    return handles.seal(handle, Purpose.SESSION)
