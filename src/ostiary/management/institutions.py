"""Institutions: saved with the event that tells of it."""

import re
from collections.abc import Collection, Sequence

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.institution import Institution
from ostiary.domain.issuer import Issuer
from ostiary.management.errors import Failure, ManagementError
from ostiary.management.faults import Fault, raise_any
from ostiary.management.file_faults import did_you_mean
from ostiary.storage.store import Store

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_INSTITUTION_ID = re.compile(r"[A-Za-z0-9._~-]{1,255}")


async def save_institution(
    store: Store, issuer: Issuer, institution: Institution, now: int
) -> None:
    """Add the institution or change it; one that is as it should be is left alone."""
    raise_any(institution_faults(institution))
    if await store.institutions.find(issuer.issuer_id, institution.institution_id) == institution:
        return
    event = AuditEvent(
        type=EventType.INSTITUTION_CHANGED,
        at=now,
        actor="operator",
        institution_id=institution.institution_id,
        details={"name": institution.name},
    )
    await store.institutions.save(issuer.issuer_id, institution, event)
    if institution.institution_id == issuer.zero_institution_id:
        await store.users.fill_zero(issuer.issuer_id, institution.institution_id, event)


async def find_institution(store: Store, issuer: Issuer, institution_id: str | None) -> Institution:
    """The institution of this id; without an id, the only one there is."""
    institutions = await store.institutions.list(issuer.issuer_id)
    known = ", ".join(f"{each.institution_id} ({each.name})" for each in institutions)
    if institution_id is None and len(institutions) == 1:
        return institutions[0]
    if institution_id is None:
        raise ManagementError(
            f'issuer "{issuer.issuer_id}" has {len(institutions)} institutions',
            f"choose one with --institution: {known}" if known else "add one with: ostiary apply",
        )
    for institution in institutions:
        if institution.institution_id == institution_id:
            return institution
    raise ManagementError(
        f'there is no institution "{institution_id}" at issuer "{issuer.issuer_id}"',
        f"choose one of: {known}" if known else "add one with: ostiary apply",
        Failure.NOT_FOUND,
    )


async def known_institution_ids(
    store: Store, issuer: Issuer, wanted: Collection[str]
) -> Collection[str]:
    """Those that are wanted, if they are all there; otherwise all there are, to choose from.

    Looked up one by one, as a file may have thousands of clients and users.
    """
    for institution_id in wanted:
        if await store.institutions.find(issuer.issuer_id, institution_id) is None:
            found = await store.institutions.list(issuer.issuer_id)
            return {each.institution_id for each in found}
    return wanted


def unknown_institution(institution_id: str, known: Collection[str]) -> str:
    """That it is not there, and what to write instead."""
    advice = did_you_mean(institution_id, known) if known else "add one with: ostiary apply"
    return f'there is no institution "{institution_id}"; {advice}'


def institution_faults(institution: Institution) -> Sequence[Fault]:
    checks = (
        (
            "id",
            _INSTITUTION_ID.fullmatch(institution.institution_id) is not None,
            "write letters, digits, dots and hyphens, such as a UUID",
        ),
        ("name", bool(institution.name.strip()), "write the name that people will read"),
        (
            "brand_color",
            _COLOR.fullmatch(institution.brand_color) is not None,
            'write a colour such as "#1f4e79"',
        ),
    )
    return [Fault(field=field, message=message) for field, holds, message in checks if not holds]
