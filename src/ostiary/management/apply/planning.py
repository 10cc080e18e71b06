"""Planning what a file changes: issuers first, then what stands in them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ostiary.domain.issuer import Issuer
from ostiary.management.apply.changes import Change
from ostiary.management.apply.document import Document, read_document
from ostiary.management.apply.plan_clients import plan_clients
from ostiary.management.apply.plan_institutions import plan_institutions
from ostiary.management.apply.plan_issuers import plan_issuers
from ostiary.management.apply.plan_users import plan_users
from ostiary.management.apply.situation import Situation, Workplace
from ostiary.management.client_faults import new_client_faults
from ostiary.management.keys import check_one_master_key


async def plan_file(path: Path, work: Workplace) -> Sequence[Change]:
    """The changes that make the database as the file says; none when it is so already.

    Raises FileFaults with all that is wrong, before anything is changed, and MasterKeyError.
    """
    document = read_document(path)
    await check_one_master_key(work.store, work.master_key)
    situation = await _situation(document, work)
    known = dict(situation.issuers)
    issuers = plan_issuers(document.issuers, situation)
    changes = [
        *[await _with_warnings(each, known, document, situation) for each in issuers],
        *await _plan_inside(document, situation),
    ]
    document.faults.raise_any()
    return changes


async def carry_out(changes: Sequence[Change]) -> None:
    """In order. Each is a transaction; what was interrupted is finished by applying again."""
    for change in changes:
        await change.carry_out()


async def _situation(document: Document, work: Workplace) -> Situation:
    issuers = await work.store.issuers.list()
    return Situation(
        work=work,
        folder=document.folder,
        faults=document.faults,
        issuers={issuer.issuer_id: issuer for issuer in issuers},
        unsure=document.unsure,
    )


async def _with_warnings(
    change: Change, known: Mapping[str, Issuer], document: Document, situation: Situation
) -> Change:
    """Names the clients that do not fit the changed issuer any more. Those of the file, whose
    faults keep it from being applied, are told there."""
    before = known.get(change.id)
    if before is None:
        return change
    after = situation.issuers[change.id]
    told = {each.entry.client_id for each in document.clients if each.entry.issuer == change.id}
    warnings = [
        f'client "{client.client_id}" no longer fits: {fault.field}: {fault.message}'
        for client in await situation.work.store.clients.list(change.id)
        if client.client_id not in told
        for fault in new_client_faults(client, before, after)
    ]
    return replace(change, warnings=warnings)


async def _plan_inside(document: Document, situation: Situation) -> Sequence[Change]:
    for issuer_id in situation.issuers:
        institutions = await situation.work.store.institutions.list(issuer_id)
        situation.institution_ids[issuer_id] = {
            *(each.institution_id for each in institutions),
            *(each.entry.id for each in document.institutions if each.entry.issuer == issuer_id),
        }
    return [
        *await plan_institutions(document.institutions, situation),
        *await plan_clients(document.clients, situation),
        *await plan_users(document.users, situation),
    ]
