"""Planning users: a password is set when the user is new, or when the given one is not theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from ostiary.domain.issuer import Issuer
from ostiary.domain.user import Membership, User, canonical_username
from ostiary.management.apply.changes import Action, Change, FieldChange, claim_differences
from ostiary.management.apply.document import Located
from ostiary.management.apply.entries import UserEntry
from ostiary.management.apply.situation import Situation, Workplace
from ostiary.management.faults import Fault
from ostiary.management.users import (
    create_user,
    password_faults,
    save_membership,
    set_password,
    set_user_enabled,
    user_faults,
    with_default_claims,
)


async def plan_users(
    entries: Sequence[Located[UserEntry]], situation: Situation
) -> Sequence[Change]:
    changes = []
    for located in entries:
        issuer = situation.issuer(located)
        username = canonical_username(located.entry.username)
        situation.is_first(located, "user", located.entry.issuer, username)
        wanted = _wanted(issuer, located, situation)
        before = await _find(issuer, wanted, situation.work)
        situation.add_faults(located, issuer, _faults(wanted, before, situation))
        fields = await _differences(before, wanted, situation.work)
        if fields:
            changes.append(_change(before, wanted, fields, situation.work))
    return changes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """None where the file says nothing."""

    issuer: Issuer
    username: str
    password: str | None
    memberships: Sequence[Membership]
    disabled: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    user: User
    memberships: dict[str, Membership]


def _wanted(issuer: Issuer, located: Located[UserEntry], situation: Situation) -> _Wanted:
    entry = located.entry
    password = None
    if "password" in entry.said():
        password = situation.secret((*located.path, "password"), entry.password)
    return _Wanted(
        issuer=issuer,
        username=entry.username,
        password=password,
        memberships=[
            with_default_claims(
                entry.username,
                Membership(institution_id=each.institution, claims=each.claims),
            )
            for each in entry.memberships
        ],
        disabled=entry.disabled if "disabled" in entry.said() else None,
    )


async def _find(issuer: Issuer, wanted: _Wanted, work: Workplace) -> _Found | None:
    user = await work.store.users.find_by_username(issuer.issuer_id, wanted.username)
    if user is None:
        return None
    memberships = await work.store.users.memberships(issuer.issuer_id, user.user_id)
    return _Found(user=user, memberships={each.institution_id: each for each in memberships})


async def _differences(
    before: _Found | None, wanted: _Wanted, work: Workplace
) -> list[FieldChange]:
    found = []
    for each in wanted.memberships:
        known = before.memberships.get(each.institution_id) if before else None
        where = f"memberships.{each.institution_id}"
        if known is None:
            found.append(FieldChange(field=where, before=None, after="(member)"))
        found += claim_differences(where, known.claims if known else {}, each.claims)
    disabled = before is not None and before.user.disabled_at is not None
    if wanted.disabled is not None and wanted.disabled != disabled:
        found.append(FieldChange(field="disabled", before=disabled, after=wanted.disabled))
    if await _is_new_password(before, wanted, work):
        found.append(FieldChange(field="password", before=None, after="(new password)"))
    return found


async def _is_new_password(before: _Found | None, wanted: _Wanted, work: Workplace) -> bool:
    if wanted.password is None:
        return False
    if before is None:
        return True
    return not await work.passwords.verify(before.user.password_hash, wanted.password)


def _change(
    before: _Found | None, wanted: _Wanted, fields: Sequence[FieldChange], work: Workplace
) -> Change:
    return Change(
        action=Action.ADD if before is None else Action.CHANGE,
        kind="user",
        issuer_id=wanted.issuer.issuer_id,
        id=wanted.username,
        fields=fields,
        carry_out=partial(_add, wanted, work)
        if before is None
        else partial(_update, before, wanted, work),
    )


async def _add(wanted: _Wanted, work: Workplace) -> None:
    await create_user(
        work.store,
        work.passwords,
        wanted.issuer,
        wanted.username,
        wanted.password,
        wanted.memberships,
        work.now,
    )
    await _set_disabled(wanted, work)


async def _update(before: _Found, wanted: _Wanted, work: Workplace) -> None:
    for each in wanted.memberships:
        if before.memberships.get(each.institution_id) != each:
            await save_membership(work.store, wanted.issuer, before.user, each, work.now)
    if wanted.password is not None and await _is_new_password(before, wanted, work):
        await set_password(
            work.store, work.passwords, wanted.issuer, wanted.username, wanted.password, work.now
        )
    await _set_disabled(wanted, work)


async def _set_disabled(wanted: _Wanted, work: Workplace) -> None:
    if wanted.disabled is not None:
        await set_user_enabled(
            work.store, wanted.issuer, wanted.username, work.now, enabled=not wanted.disabled
        )


def _faults(wanted: _Wanted, before: _Found | None, situation: Situation) -> Sequence[Fault]:
    institution_ids = situation.institution_ids.get(wanted.issuer.issuer_id, set())
    known = list(before.memberships.values()) if before else []
    return [
        *user_faults(wanted.username, [*wanted.memberships, *known], institution_ids),
        *(password_faults(wanted.password) if wanted.password is not None else ()),
    ]
