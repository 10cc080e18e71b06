"""Whether a database is whole: its file, what its rows speak of, its keys and its last seals."""

import asyncio
from collections.abc import AsyncIterator

from ostiary.domain.counted import counted
from ostiary.domain.issuer import Issuer
from ostiary.management.audit import verify
from ostiary.management.findings import Finding, fail, fail_as_told, ok
from ostiary.management.keys import check_master_key
from ostiary.signing.master_key import MasterKey, MasterKeyError
from ostiary.storage.backup import damage
from ostiary.storage.source import PostgresqlSource, Source
from ostiary.storage.store import Store

# So many seals at the end of the chain are verified with their events.
SEALS_CHECKED = 20
RESTORE = "restore the last backup: ostiary db restore FILE; see Backup and restore in the manual"


async def check_database(
    store: Store, source: Source, master_key: MasterKey
) -> AsyncIterator[Finding]:
    if not isinstance(source, PostgresqlSource):
        yield await _check_file(source)
    for issuer in await store.issuers.list():
        yield await _check_keys(store, master_key, issuer)
        yield await _check_orphans(store, issuer)
        yield await check_seals(store, master_key, issuer)


async def _check_file(source: Source) -> Finding:
    found = [] if isinstance(source, PostgresqlSource) else await asyncio.to_thread(damage, source)
    if found:
        return fail("file", f"the file is damaged: {found[0]}", RESTORE)
    return ok("file", "the file is whole")


async def _check_keys(store: Store, master_key: MasterKey, issuer: Issuer) -> Finding:
    name = f"keys of {issuer.issuer_id}"
    try:
        await check_master_key(store, master_key, issuer)
    except MasterKeyError as error:
        return fail_as_told(name, str(error))
    return ok(name, "the master key opens them")


async def _check_orphans(store: Store, issuer: Issuer) -> Finding:
    name = f"rows of {issuer.issuer_id}"
    counts = await store.orphans.count(issuer.issuer_id)
    found = ", ".join(f"{count} {table}" for table, count in counts.items() if count)
    if found:
        return fail(name, f"{found} of users who are not there", RESTORE)
    return ok(name, "all are of users who are there")


async def check_seals(store: Store, master_key: MasterKey, issuer: Issuer) -> Finding:
    """The end of the chain; all of it is for `ostiary audit verify`."""
    name = f"audit of {issuer.issuer_id}"
    latest = await store.seals.latest(issuer.issuer_id)
    if latest is None:
        return ok(name, "nothing has been sealed yet")
    first = max(1, latest.number - SEALS_CHECKED + 1)
    try:
        verified = await verify(store, master_key, issuer.issuer_id, first=first)
    except MasterKeyError as error:
        return fail_as_told(name, str(error))
    if verified.faults:
        fault = verified.faults[0]
        return fail(
            name,
            f"{counted(len(verified.faults), 'fault')}, the first under seal {fault.seal}: {fault.text}",
            "find out who can write to the database; see all with: ostiary audit verify",
        )
    return ok(name, f"the last {verified.seals} seals hold, up to {latest.anchor}")
