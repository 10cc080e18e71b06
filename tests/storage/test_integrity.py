"""A database that was damaged while nobody looked: taken up to its last whole commit, or refused.

Catalogue ST-11.
"""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ostiary.storage import integrity
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.integrity import check_whole
from ostiary.storage.schema import ensure_schema_beside
from ostiary.storage.store import Store
from tests.kit.world import CONSUMER, ENTERPRISE, a_client, an_event, standard_clients

ADDED = 30


@pytest.fixture
def crashed(template: Path, tmp_path: Path) -> Path:
    """Copied while in use: a file and a log in which the last changes are."""
    live, copy = tmp_path / "live.db", tmp_path / "copy.db"
    shutil.copy(template, live)

    async def write() -> None:
        store = Store.open(live)
        for number in range(ADDED):
            client = a_client(f"added-{number}", ENTERPRISE)
            assert await store.clients.add(ENTERPRISE.issuer_id, client, an_event())
        shutil.copy(live, copy)
        shutil.copy(f"{live}-wal", f"{copy}-wal")
        store.close()

    asyncio.run(write())
    return copy


def added(path: Path) -> list[int]:
    """Which changes are there, read as the server reads them."""

    async def read() -> list[str]:
        store = Store.open(path)
        try:
            clients = await store.clients.list(ENTERPRISE.issuer_id)
            assert await store.clients.list(CONSUMER.issuer_id)
            return [client.client_id for client in clients]
        finally:
            store.close()

    found = asyncio.run(read())
    assert len([name for name in found if "added" not in name]) == len(standard_clients(ENTERPRISE))
    return sorted(int(name.partition("-")[2]) for name in found if "added" in name)


def cut(whole: bytes, position: int) -> bytes:
    return whole[:position]


def flip(whole: bytes, position: int) -> bytes:
    return whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :]


@pytest.mark.parametrize("damage", [cut, flip])
def test_st_11_a_damaged_log_is_taken_to_its_last_whole_commit_or_refused(
    crashed: Path, damage: Callable[[bytes, int], bytes]
) -> None:
    """Refused where a part of it was in the file already, which does not fit the rest then."""
    log = Path(f"{crashed}-wal")
    file, whole = crashed.read_bytes(), log.read_bytes()
    taken = []
    for position in range(0, len(whole), len(whole) // 40):
        crashed.write_bytes(file)
        log.write_bytes(damage(whole, position))
        with contextlib.suppress(StoreUnavailable):
            ensure_schema_beside(crashed)
            there = added(crashed)
            assert there == list(range(len(there))), "all up to one of them, and none behind it"
            taken.append(len(there))
    assert len(set(taken)) > 10


def test_st_11_a_file_cut_anywhere_is_refused(template: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    whole = template.read_bytes()
    for length in range(len(whole) // 40, len(whole), len(whole) // 40):
        copy.write_bytes(whole[:length])
        with pytest.raises(StoreUnavailable, match="restore the last backup"):
            ensure_schema_beside(copy)


def test_st_11_a_page_that_was_overwritten_is_refused(template: Path, tmp_path: Path) -> None:
    """Whichever page it is."""
    copy = tmp_path / "copy.db"
    whole = template.read_bytes()
    for page in range(1, len(whole) // 4096):
        content = bytearray(whole)
        content[page * 4096 : page * 4096 + 12] = b"\xa5" * 12
        copy.write_bytes(content)
        with pytest.raises(StoreUnavailable, match="is damaged"):
            check_whole(copy)


def test_a_file_that_is_whole_or_not_there_yet_is_taken(template: Path, tmp_path: Path) -> None:
    check_whole(template)
    check_whole(tmp_path / "not-yet.db")
    (tmp_path / "empty.db").touch()
    check_whole(tmp_path / "empty.db")


def test_st_08_a_file_that_cannot_be_read_at_present_is_not_called_damaged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody shall restore a backup because of a lock, or of a file system that is read-only."""
    monkeypatch.setattr(integrity, "BUSY_TIMEOUT_SECONDS", 0.0)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        check_whole(path)
