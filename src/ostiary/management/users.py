"""Users: created with their memberships, given passwords, switched on and off."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ostiary.accounts.passwords import MAX_LENGTH, MIN_LENGTH, Passwords
from ostiary.accounts.subjects import open_subjects
from ostiary.accounts.throttle import account_key
from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.issuer import Issuer
from ostiary.domain.user import MAX_USERNAME_LENGTH, Membership, User
from ostiary.management.claim_kinds import kind_faults
from ostiary.management.errors import Failure, ManagementError
from ostiary.management.faults import Fault, raise_any
from ostiary.management.institutions import known_institution_ids, unknown_institution
from ostiary.management.issuers import find_holder
from ostiary.signing.master_key import MasterKey
from ostiary.storage.database import Conflict
from ostiary.storage.store import Store

_LENGTHS = f"choose one of {MIN_LENGTH} to {MAX_LENGTH} characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUser:
    user: User
    memberships: Sequence[Membership]


def new_user_id() -> str:
    return str(uuid.uuid4())


async def create_user(
    store: Store,
    passwords: Passwords,
    issuer: Issuer,
    username: str,
    password: str | None,
    memberships: Sequence[Membership],
    now: int,
) -> User:
    """A user with a new id; without a password they cannot sign in by one."""
    user = User(user_id=new_user_id(), username=username)
    if password is not None:
        _require_password(password)
        user = replace(user, password_hash=await passwords.hash_beside(password))
    await add_user(store, issuer, user, memberships, now)
    return user


async def add_user(
    store: Store, issuer: Issuer, user: User, memberships: Sequence[Membership], now: int
) -> None:
    """Add the user as given; the claims say preferred_username where they do not already."""
    wanted = [each.institution_id for each in memberships]
    known = await known_institution_ids(store, issuer, wanted)
    raise_any(user_faults(user.username, memberships, known))
    named = [with_default_claims(user.username, each) for each in _with_zero(memberships, issuer)]
    event = _event(EventType.USER_CHANGED, user.user_id, now)
    try:
        await store.users.add(issuer.issuer_id, user, named, event)
    except Conflict as error:
        raise ManagementError(
            f'the username "{user.username}" is taken',
            "choose another, or give the user a new password: ostiary user password",
            Failure.CONFLICT,
        ) from error


def _with_zero(memberships: Sequence[Membership], issuer: Issuer) -> Sequence[Membership]:
    """Everybody belongs to the issuer's institution zero, which knows nothing of them by itself."""
    zero = issuer.zero_institution_id
    if zero is None or any(each.institution_id == zero for each in memberships):
        return memberships
    return [*memberships, Membership(institution_id=zero)]


async def find_user(store: Store, issuer: Issuer, username: str) -> User:
    user = await store.users.find_by_username(issuer.issuer_id, username)
    if user is None:
        raise ManagementError(
            f'there is no user "{username}" at issuer "{issuer.issuer_id}"',
            "see who there is with: ostiary user list",
            Failure.NOT_FOUND,
        )
    return user


async def find_user_issuer(store: Store, issuer_id: str | None, username: str) -> Issuer:
    """The issuer of this id; without an id, the only one with such a user."""

    async def holds(issuer: Issuer) -> bool:
        return await store.users.find_by_username(issuer.issuer_id, username) is not None

    return await find_holder(store, issuer_id, "user", username, holds)


async def list_users(store: Store, issuer: Issuer) -> Sequence[ListedUser]:
    return [
        ListedUser(
            user=user,
            memberships=await store.users.memberships(issuer.issuer_id, user.user_id),
        )
        for user in await store.users.list(issuer.issuer_id)
    ]


async def save_membership(
    store: Store, issuer: Issuer, user: User, membership: Membership, now: int
) -> None:
    named = with_default_claims(user.username, membership)
    event = _event(EventType.USER_CHANGED, user.user_id, now)
    event = replace(event, institution_id=membership.institution_id)
    await store.users.save_membership(issuer.issuer_id, user.user_id, named, event)


async def set_password(
    store: Store, passwords: Passwords, issuer: Issuer, username: str, password: str, now: int
) -> None:
    """A new password, which ends every session and authorization of the user."""
    user = await find_user(store, issuer, username)
    _require_password(password)
    password_hash = await passwords.hash_beside(password)
    event = _event(EventType.PASSWORD_CHANGED, user.user_id, now)
    await store.users.set_password(issuer.issuer_id, user.user_id, password_hash, event)


async def set_user_enabled(
    store: Store, issuer: Issuer, username: str, now: int, *, enabled: bool
) -> None:
    """Switch the user on or off; one who is so already is left alone."""
    user = await find_user(store, issuer, username)
    if (user.disabled_at is None) == enabled:
        return
    event = replace(
        _event(EventType.USER_CHANGED, user.user_id, now),
        reason="enabled" if enabled else "disabled",
    )
    disabled_at = None if enabled else now
    await store.users.set_disabled(issuer.issuer_id, user.user_id, disabled_at, event)


async def unlock_user(
    store: Store, master_key: MasterKey, issuer: Issuer, username: str, now: int
) -> bool:
    """Forget the wrong passwords that were tried for this user; false when there were none."""
    user = await find_user(store, issuer, username)
    subjects = await open_subjects(store, master_key, issuer.issuer_id, now)
    account = account_key(subjects, user.username)
    event = _event(EventType.USER_UNLOCKED, user.user_id, now)
    return await store.throttles.unlock(issuer.issuer_id, account, event)


def with_default_claims(username: str, membership: Membership) -> Membership:
    return replace(membership, claims={"preferred_username": username, **membership.claims})


def user_faults(
    username: str, memberships: Sequence[Membership], institution_ids: Collection[str]
) -> Sequence[Fault]:
    """What is wrong with them; `institution_ids` are those of the issuer."""
    faults = []
    if not username.strip() or len(username) > MAX_USERNAME_LENGTH or not username.isprintable():
        faults.append(
            Fault(
                field="username",
                message=f"write 1 to {MAX_USERNAME_LENGTH} printable characters",
            )
        )
    if not memberships:
        faults.append(Fault(field="memberships", message="write at least one institution"))
    faults += [
        Fault(
            field="memberships",
            message=unknown_institution(each.institution_id, institution_ids),
        )
        for each in memberships
        if each.institution_id not in institution_ids
    ]
    return [*faults, *kind_faults(memberships)]


def password_faults(password: str) -> Sequence[Fault]:
    problem = _length_problem(password)
    return [Fault(field="password", message=f"{problem}; {_LENGTHS}")] if problem else []


def _require_password(password: str) -> None:
    problem = _length_problem(password)
    if problem:
        raise ManagementError(problem, _LENGTHS)


def _length_problem(password: str) -> str | None:
    if len(password) < MIN_LENGTH:
        return "the password is too short"
    if len(password) > MAX_LENGTH:
        return "the password is too long"
    return None


def _event(type_: EventType, user_id: str, now: int) -> AuditEvent:
    return AuditEvent(type=type_, at=now, actor="operator", user_id=user_id)
