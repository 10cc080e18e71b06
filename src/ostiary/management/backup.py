"""Backing up a database, and making one from a backup that is proved to work before it is served."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ostiary import __version__
from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.audit_seal import parse_anchor
from ostiary.domain.issuer import Issuer
from ostiary.management.audit import verify
from ostiary.management.backup_file import (
    FORMAT,
    Manifest,
    digest,
    extract_database,
    file_exists,
    read_manifest,
    write_backup,
)
from ostiary.management.errors import Failure, ManagementError
from ostiary.management.keys import check_master_key
from ostiary.signing.master_key import MasterKey
from ostiary.storage.backup import (
    Progress,
    copy_sqlite,
    damage,
    dump_postgresql,
    dumped_signing_keys,
    load_postgresql,
    trust_postgresql,
)
from ostiary.storage.schema import (
    HEAD,
    SchemaState,
    ensure_schema,
    schema_state,
    schema_version,
    upgrade_unproved,
)
from ostiary.storage.source import PostgresqlSource, Source
from ostiary.storage.store import Store

# Whether a whole provider over this store answers for the issuer; raises when it does not.
Boots = Callable[[Store, Issuer], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`manifest` says what was restored; all that was given out before `epoch` is dead."""

    manifest: Manifest
    epoch: int
    issuers: int


async def backup(
    store: Store,
    source: Source,
    master_key: MasterKey,
    path: Path,
    now: int,
    progress: Progress,
) -> Manifest:
    """Write the file; the database may be in use."""
    folder = _folder_for(path)
    seals = {}
    kids: list[str] = []
    for issuer in await store.issuers.list():
        await check_master_key(store, master_key, issuer)
        # Before the copy is taken, so that it has at least these.
        latest = await store.seals.latest(issuer.issuer_id)
        seals[issuer.issuer_id] = None if latest is None else str(latest.anchor)
        kids += [key.kid for key in await store.keys.signing_keys(issuer.issuer_id)]
    with TemporaryDirectory(dir=folder, prefix=f".{path.name}-") as drafts:
        copy = Path(drafts) / "database"
        if isinstance(source, PostgresqlSource):
            await asyncio.to_thread(dump_postgresql, source, copy)
            await asyncio.to_thread(_check_dump, source, copy, kids)
        else:
            await asyncio.to_thread(copy_sqlite, source, copy, progress)
        manifest = Manifest(
            format=FORMAT,
            ostiary=__version__,
            engine=_engine(source),
            schema=HEAD,
            taken_at=now,
            master_key=master_key.fingerprint,
            seals=seals,
            sha256=await asyncio.to_thread(digest, copy),
        )
        await asyncio.to_thread(write_backup, path, manifest, copy)
    return manifest


async def restore(
    source: Source, master_key: MasterKey, path: Path, now: int, boots: Boots
) -> Restored:
    """Make the database from the file, where there is none yet; proved to be whole and to work."""
    manifest = await asyncio.to_thread(read_manifest, path)
    _check_fits(manifest, source, master_key)
    # What the second of the restore itself began is over, too.
    epoch = now + 1
    with TemporaryDirectory(dir=_folder_beside(source), prefix=".ostiary-restore-") as drafts:
        draft = Path(drafts) / "database"
        await asyncio.to_thread(extract_database, path, manifest, draft)
        if isinstance(source, PostgresqlSource):
            await asyncio.to_thread(load_postgresql, source, draft)
            await asyncio.to_thread(upgrade_unproved, source)
            issuers = await _prove(source, master_key, manifest, epoch, boots)
            await asyncio.to_thread(trust_postgresql, source)
        else:
            _check_whole(draft, path)
            await asyncio.to_thread(ensure_schema, draft)
            issuers = await _prove(draft, master_key, manifest, epoch, boots)
            _put_in_place(draft, source)
    return Restored(manifest=manifest, epoch=epoch, issuers=issuers)


def _check_dump(source: PostgresqlSource, dump: Path, kids: Sequence[str]) -> None:
    """Whether it was shown the rows of all issuers: those of others are left out without a word."""
    rows = dumped_signing_keys(source, dump)
    if missing := [kid for kid in kids if kid not in rows]:
        raise ManagementError(
            f"pg_dump was not shown all rows: {len(missing)} of {len(kids)} signing keys are missing",
            "name PostgreSQL itself in database.url, not a pooler that ignores PGOPTIONS",
            Failure.REFUSED,
        )


def _folder_for(path: Path) -> Path:
    """Where the file will be; raises when it is there already."""
    folder = path.absolute().parent
    if path.exists():
        raise file_exists(path)
    if not folder.is_dir():
        raise ManagementError(
            f"there is no directory {folder}", "make it, or name another", Failure.NOT_FOUND
        )
    return folder


def _folder_beside(source: Source) -> Path | None:
    """The database's own, so that it can be put in its place at once; None for PostgreSQL."""
    if isinstance(source, PostgresqlSource):
        return None
    folder = source.absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _engine(source: Source) -> str:
    return "postgresql" if isinstance(source, PostgresqlSource) else "sqlite"


def _check_fits(manifest: Manifest, source: Source, master_key: MasterKey) -> None:
    if manifest.engine != _engine(source):
        raise ManagementError(
            f"the backup is of {manifest.engine}, the configuration names {_engine(source)}",
            "restore it where the configuration names a database of its kind",
        )
    if manifest.master_key != master_key.fingerprint:
        raise ManagementError(
            f"the backup belongs to another master key ({manifest.master_key}, "
            f"this one is {master_key.fingerprint})",
            "fetch the key that was kept for it; without it nothing in it can be used",
            Failure.REFUSED,
        )
    if schema_state(manifest.schema) is SchemaState.NEWER:
        raise ManagementError(
            f"the backup was written by a newer Ostiary ({manifest.ostiary})",
            "restore it with that version",
            Failure.REFUSED,
        )
    there = schema_version(source) is not None
    if there or (isinstance(source, Path) and source.exists()):
        raise ManagementError(
            f"there is a database at {source} already",
            "move it away first, or name another place: a restore writes over nothing",
            Failure.CONFLICT,
        )


def _check_whole(draft: Path, path: Path) -> None:
    if found := damage(draft):
        raise ManagementError(
            f"the database in {path} is damaged: {found[0]}",
            "restore another backup",
            Failure.REFUSED,
        )


async def _prove(
    source: Source, master_key: MasterKey, manifest: Manifest, epoch: int, boots: Boots
) -> int:
    """That its keys open, its seals hold and it can be served; the number of its issuers."""
    store = Store.open(source)
    try:
        issuers = await store.issuers.list()
        for issuer in issuers:
            await check_master_key(store, master_key, issuer)
            await _check_seals(store, master_key, issuer, manifest)
            await store.issuers.set_epoch(issuer.issuer_id, epoch, _event(manifest, epoch))
            await boots(store, issuer)
        return len(issuers)
    finally:
        store.close()


async def _check_seals(
    store: Store, master_key: MasterKey, issuer: Issuer, manifest: Manifest
) -> None:
    last = manifest.seals.get(issuer.issuer_id)
    expected = None if last is None else parse_anchor(last)
    verified = await verify(store, master_key, issuer.issuer_id, expected=expected)
    if verified.faults:
        first = verified.faults[0]
        raise ManagementError(
            f"the audit events of {issuer.issuer_id} are not those that were sealed "
            f"(seal {first.seal}: {first.text})",
            "restore another backup, and keep this one for whoever looks into it",
            Failure.REFUSED,
        )


def _event(manifest: Manifest, epoch: int) -> AuditEvent:
    return AuditEvent(
        type=EventType.DATABASE_RESTORED,
        at=epoch,
        actor="operator",
        details={"taken_at": manifest.taken_at, "epoch": epoch},
    )


def _put_in_place(draft: Path, target: Path) -> None:
    """Whole from its first moment, and over nothing."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    try:
        os.link(draft, target)
    except FileExistsError as error:
        raise file_exists(target) from error
