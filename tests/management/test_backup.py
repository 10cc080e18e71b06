"""Backups: whole while the database is used, restored only where they fit, and nothing rises again."""

import asyncio
import json
import os
import sqlite3
import stat
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ostiary.cli.backup import _check_boots
from ostiary.domain.issuer import DAY, Issuer
from ostiary.management.audit_sealing import seal_due
from ostiary.management.backup import Restored, backup, restore
from ostiary.management.backup_file import Manifest, read_manifest
from ostiary.management.errors import Failure, ManagementError
from ostiary.signing.master_key import MasterKey
from ostiary.storage.backup import _find_program, _without_password
from ostiary.storage.schema import WrongSchema, ensure_schema_beside
from ostiary.storage.source import Source
from ostiary.storage.store import Store
from tests.kit.client_key import ClientKey
from tests.kit.postgresql import Cluster
from tests.kit.relying_party import RelyingParty
from tests.kit.world import (
    ENTERPRISE,
    MASTER_KEY,
    MovableClock,
    World,
    a_client,
    an_event,
    make_template,
    world_over,
)


async def boots(store: Store, issuer: Issuer) -> None:
    await _check_boots(store, MASTER_KEY, issuer)


async def back_up(world: World, path: Path) -> Manifest:
    now = world.clock.time
    for issuer in await world.store.issuers.list():
        assert await seal_due(world.store, MASTER_KEY, issuer, now + 10)
    return await backup(world.store, world.source, MASTER_KEY, path, now, lambda *_: None)


async def put_back(path: Path, target: Source, now: int, key: MasterKey = MASTER_KEY) -> Restored:
    return await restore(target, key, path, now, boots)


@pytest.fixture
async def saved(world: World, tmp_path: Path) -> Path:
    path = tmp_path / "saved.tar"
    await back_up(world, path)
    return path


# ---- the file -----------------------------------------------------------------------------------


async def test_a_backup_is_for_its_owner_alone_and_says_what_it_is(
    world: World, saved: Path
) -> None:
    manifest = read_manifest(saved)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert (manifest.engine, manifest.taken_at) == ("sqlite", world.clock.time)
    assert manifest.master_key == MASTER_KEY.fingerprint != MasterKey(b"x" * 32).fingerprint
    latest = await world.store.seals.latest(ENTERPRISE.issuer_id)
    assert latest is not None
    assert manifest.seals[ENTERPRISE.issuer_id] == str(latest.anchor)
    assert [path.name for path in saved.parent.glob("*saved*")] == ["saved.tar"], "no draft is left"


async def test_a_file_is_never_written_over(world: World, saved: Path) -> None:
    before = saved.read_bytes()
    with pytest.raises(ManagementError) as raised:
        await back_up_again(world, saved)
    assert raised.value.failure is Failure.CONFLICT
    assert saved.read_bytes() == before


async def back_up_again(world: World, path: Path) -> None:
    await backup(world.store, world.source, MASTER_KEY, path, 0, lambda *_: None)


async def test_what_is_written_meanwhile_neither_waits_nor_tears_the_copy(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two rows of one change are in the copy both or neither, in however many steps it is made."""
    monkeypatch.setattr("ostiary.storage.backup.PAGES_A_STEP", 2)
    done = asyncio.Event()

    async def write() -> int:
        written = 0
        while not done.is_set():
            client = a_client(f"written-{written}", ENTERPRISE)
            assert await world.store.clients.add(ENTERPRISE.issuer_id, client, an_event())
            written += 1
        return written

    writing = asyncio.create_task(write())
    await asyncio.sleep(0)
    await back_up_again(world, tmp_path / "busy.tar")
    done.set()
    assert await writing > 0
    await put_back(tmp_path / "busy.tar", tmp_path / "restored.db", world.clock.time)
    with closing(sqlite3.connect(tmp_path / "restored.db")) as connection:
        ((clients,),) = connection.execute(
            "SELECT count(*) FROM clients WHERE client_id LIKE 'written-%'"
        )
        ((events,),) = connection.execute(
            "SELECT count(*) FROM audit_events WHERE type = 'client.changed' AND actor = 'test'"
        )
        ((before,),) = connection.execute(
            "SELECT count(*) FROM clients WHERE client_id NOT LIKE 'written-%'"
        )
    assert events - clients >= before


def damaged(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    match how:
        case "cut":
            del content[-len(content) // 2 :]
        case "one bit":
            content[len(content) // 2] ^= 1
        case "another file":
            content = bytearray(b"SQLite format 3\x00" * 100)
        case _:
            raise AssertionError(how)
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["cut", "one bit", "another file"])
async def test_a_damaged_backup_is_refused_and_nothing_is_left(
    saved: Path, tmp_path: Path, how: str
) -> None:
    damaged(saved, how)
    with pytest.raises(ManagementError):
        await put_back(saved, tmp_path / "new" / "restored.db", 0)
    assert list((tmp_path / "new").glob("*")) == []


async def test_another_master_key_is_refused(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(ManagementError, match="another master key"):
        await put_back(saved, tmp_path / "restored.db", 0, MasterKey(b"\x01" * 32))


async def test_a_database_that_is_there_is_never_written_over(world: World, saved: Path) -> None:
    before = world.path.read_bytes()
    with pytest.raises(ManagementError, match="already"):
        await put_back(saved, world.path, 0)
    assert world.path.read_bytes() == before


async def test_a_backup_of_a_newer_schema_is_refused(saved: Path, tmp_path: Path) -> None:
    rewritten = tmp_path / "newer.tar"
    with tarfile.open(saved) as archive:
        archive.extractall(tmp_path / "open", filter="data")
    manifest = json.loads((tmp_path / "open" / "manifest.json").read_text())
    (tmp_path / "open" / "manifest.json").write_text(json.dumps({**manifest, "schema": "9999"}))
    with tarfile.open(rewritten, "w") as archive:
        for name in ("manifest.json", "database"):
            archive.add(tmp_path / "open" / name, name)
    with pytest.raises(ManagementError, match="newer"):
        await put_back(rewritten, tmp_path / "restored.db", 0)


async def test_a_backup_whose_events_were_tampered_with_is_refused(
    world: World, tmp_path: Path
) -> None:
    for issuer in await world.store.issuers.list():
        await seal_due(world.store, MASTER_KEY, issuer, world.clock.time + 10)
    with closing(sqlite3.connect(world.path)) as connection:
        connection.execute("UPDATE audit_events SET actor = 'nobody' WHERE seal = 1")
        connection.commit()
    await back_up_again(world, tmp_path / "saved.tar")
    with pytest.raises(ManagementError, match="not those that were sealed"):
        await put_back(tmp_path / "saved.tar", tmp_path / "restored.db", 0)
    assert not (tmp_path / "restored.db").exists()


# ---- what a backup could raise from the dead: ST-23 -----------------------------------------------

Restoring = Callable[[], Awaitable[World]]


async def restored_world(world: World, tmp_path: Path) -> World:
    """Of a minute ago, served a minute later."""
    saved = tmp_path / "st23.tar"
    await back_up(world, saved)
    world.clock.time += 60
    await put_back(saved, tmp_path / "st23.db", world.clock.time)
    world.clock.time += 1
    after = world_over(tmp_path / "st23.db", MovableClock())
    after.clock.time = world.clock.time
    return after


async def test_st_23_after_a_restore_codes_tokens_and_sessions_are_dead(
    world: World, tmp_path: Path
) -> None:
    client = await world.add_client(a_client("checker", ENTERPRISE, may_introspect=True))
    before = RelyingParty.of(world, client)
    scope = "openid offline_access"
    tokens = await before.tokens(scope=scope)
    service = (await before.token(grant_type="client_credentials")).json()
    person = await before.signed_in()
    flow, response = await before.authorize(before.person())
    pushed = await before.begin_pushed()
    after_world = await restored_world(world, tmp_path)
    after = RelyingParty.of(after_world, client)
    try:
        for token in (tokens["access_token"], service["access_token"], tokens["refresh_token"]):
            assert (await after.introspect(token)).json() == {"active": False}
        assert (await after.userinfo(tokens["access_token"])).status_code == 401
        assert (await after.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
        assert (await after.redeem(flow, response["code"])).json()["error"] == "invalid_grant"
        browser = after.person()
        browser.http.cookies = person.http.cookies
        await browser.open(after.begin(prompt="none").url)
        assert "error=login_required" in (browser.left_to or "")
        again = after.person()
        await again.open(pushed.url)
        assert again.left_to is None
        assert again.page.status == 400
        assert (await after.tokens(scope=scope))["access_token"], "a new sign-in succeeds"
    finally:
        await after_world.ostiary.close()


async def test_st_23_proofs_and_assertions_from_before_a_restore_are_refused(
    world: World, tmp_path: Path
) -> None:
    """Which of them were used, the restored database does not know."""
    client = a_client("web", ENTERPRISE)
    after_world = await restored_world(world, tmp_path)
    now = after_world.clock.time
    after = replace(RelyingParty.of(after_world, client), key=ClientKey.make())
    try:
        for issued_at, status in ((now - 30, 400), (now, 400), (now + 60, 200)):
            proof = after.proof(iat=issued_at)
            answer = await after.token(grant_type="client_credentials", proof=proof)
            assert answer.status_code == status, (issued_at - now, answer.text)
    finally:
        await after_world.ostiary.close()


async def test_st_23_the_restore_is_an_event_of_each_issuer(world: World, tmp_path: Path) -> None:
    after = await restored_world(world, tmp_path)
    (event,) = await after.store.audit.latest(ENTERPRISE.issuer_id, limit=1)
    await after.ostiary.close()
    assert event.type == "database.restored"


# ---- PostgreSQL -----------------------------------------------------------------------------------


@pytest.mark.postgresql
async def test_a_backup_of_postgresql_is_restored_into_an_empty_database(
    postgresql: Cluster, tmp_path: Path
) -> None:
    saved, target = tmp_path / "saved.tar", postgresql.make()
    source = postgresql.make()
    await asyncio.to_thread(make_template, source)
    world = world_over(source, MovableClock())
    await back_up(world, saved)
    await world.ostiary.close()
    restored = await put_back(saved, target, world.clock.time)
    assert (restored.issuers, restored.manifest.engine) == (2, "postgresql")
    store = Store.open(target)
    assert await store.users.find_by_username(ENTERPRISE.issuer_id, "alice")
    assert await store.issuers.epoch(ENTERPRISE.issuer_id) == restored.epoch
    store.close()
    with pytest.raises(ManagementError, match="already"):
        await put_back(saved, target, world.clock.time)


@pytest.fixture
async def on_postgresql(postgresql: Cluster) -> AsyncIterator[World]:
    source = postgresql.make()
    await asyncio.to_thread(make_template, source)
    world = world_over(source, MovableClock())
    yield world
    await world.ostiary.close()


@pytest.mark.postgresql
async def test_a_dump_that_was_not_shown_all_rows_is_no_backup(
    on_postgresql: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that ignores what is said when it is connected to."""
    deaf = tmp_path / "bin" / "pg_dump"
    deaf.parent.mkdir()
    deaf.write_text(f'#!/bin/sh\nunset PGOPTIONS\nexec {_find_program("pg_dump")} "$@"\n')
    deaf.chmod(0o700)
    monkeypatch.setenv("PATH", f"{deaf.parent}:{os.environ['PATH']}")
    with pytest.raises(ManagementError, match="not shown all rows"):
        await back_up(on_postgresql, tmp_path / "saved.tar")
    assert not (tmp_path / "saved.tar").exists()


@pytest.mark.postgresql
async def test_what_a_restore_has_not_proved_is_not_served(
    on_postgresql: World, postgresql: Cluster, tmp_path: Path
) -> None:
    """However it ends: with what was given out before, all of it would rise again."""
    saved, target = tmp_path / "saved.tar", postgresql.make()
    await back_up(on_postgresql, saved)

    async def dies(_store: Store, _issuer: Issuer) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await restore(target, MASTER_KEY, saved, on_postgresql.clock.time, dies)
    with pytest.raises(WrongSchema, match="did not come to its end"):
        await asyncio.to_thread(ensure_schema_beside, target)
    with pytest.raises(WrongSchema, match="did not come to its end"):
        await put_back(saved, target, on_postgresql.clock.time)
    whole = postgresql.make()
    await put_back(saved, whole, on_postgresql.clock.time)
    await asyncio.to_thread(ensure_schema_beside, whole)


async def test_an_event_that_came_late_keeps_nobody_from_restoring(
    world: World, tmp_path: Path
) -> None:
    """All are late after a clock was ahead while there was a seal."""
    await seal_due(world.store, MASTER_KEY, ENTERPRISE, world.clock.time + 3650 * DAY)
    await world.store.audit.add(
        ENTERPRISE.issuer_id, replace(an_event(), at=world.clock.time - DAY)
    )
    await back_up(world, tmp_path / "saved.tar")
    restored = await put_back(tmp_path / "saved.tar", tmp_path / "new.db", world.clock.time)
    assert restored.issuers == 2


def test_a_password_is_not_in_the_arguments() -> None:
    for url in (
        "postgresql://ostiary:s%20cret@one:1,two:2/db?sslmode=require",
        "postgresql://ostiary@one:1,two:2/db?sslmode=require&password=s%20cret",
    ):
        address = _without_password(url)
        assert address.password == "s cret"
        assert address.url == "postgresql://ostiary@one:1,two:2/db?sslmode=require"
