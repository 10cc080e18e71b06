"""Signing keys: one successor, however many ask for it, and none too late."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ostiary.domain.audit import EventType
from ostiary.domain.face import BASE_PATH
from ostiary.domain.issuer import DAY, Environment, Issuer
from ostiary.domain.signing_keys import PUBLICATION_LEAD, ROTATION_PERIOD, KeyState
from ostiary.management.errors import Failure, ManagementError
from ostiary.management.issuers import save_issuer
from ostiary.management.keys import list_keys, rotate, rotate_due
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.signing.handle_keys import open_handle_keys
from ostiary.signing.master_key import MasterKey
from ostiary.storage.store import Store

MASTER_KEY = MasterKey(bytes(32))
NOW = 1_800_000_000
ISSUER = Issuer(
    issuer_id="main", url="https://id.example.com", base_path=BASE_PATH, face_name="enterprise"
)
FAST = [Algorithm.ES256, Algorithm.EDDSA]


async def test_a_saved_issuer_can_sign_at_once(store: Store) -> None:
    await save_issuer(store, MASTER_KEY, ISSUER, NOW)
    listed = await list_keys(store, ISSUER, NOW)
    assert {each.key.algorithm for each in listed} == set(Algorithm)
    assert {each.state for each in listed} == {KeyState.ACTIVE}
    sealed = await store.keys.handle_keys("main")
    assert set(open_handle_keys("main", sealed, MASTER_KEY, NOW).keys) == {1}


async def test_saving_again_adds_no_key_and_no_event(store: Store) -> None:
    await save_issuer(store, MASTER_KEY, ISSUER, NOW)
    keys = await store.keys.signing_keys("main")
    events = await store.audit.latest("main")
    await save_issuer(store, MASTER_KEY, ISSUER, NOW + 5)
    assert await store.keys.signing_keys("main") == keys
    assert await store.audit.latest("main") == events


async def test_a_url_has_one_issuer(store: Store) -> None:
    await save_issuer(store, MASTER_KEY, ISSUER, NOW)
    with pytest.raises(ManagementError) as caught:
        await save_issuer(store, MASTER_KEY, replace(ISSUER, issuer_id="two"), NOW)
    assert caught.value.failure is Failure.CONFLICT
    assert await store.keys.signing_keys("two") == []


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example.com/",
        "https://ID.example.com",
        "https://id.example.com?x",
        "https://id.example.com#",
        "https://user@id.example.com",
        "https://id.example.com:port",
        "ftp://id.example.com",
        "id.example.com",
        "https://id.example.com/a//b",
    ],
)
async def test_an_issuer_url_is_one_that_clients_accept(store: Store, url: str) -> None:
    with pytest.raises(ManagementError):
        await save_issuer(store, MASTER_KEY, replace(ISSUER, url=url), NOW)


async def test_rotation_is_recorded_and_waits_for_its_time(store: Store) -> None:
    await save_issuer(store, MASTER_KEY, ISSUER, NOW)
    added = await rotate(store, MASTER_KEY, ISSUER, FAST, NOW)
    assert {key.activates_at for key in added} == {NOW + PUBLICATION_LEAD}
    newest = await store.audit.latest("main", limit=2)
    assert {event.type for event in newest} == {EventType.KEY_ADDED}
    assert {event.actor for event in newest} == {"operator"}
    assert await rotate(store, MASTER_KEY, ISSUER, FAST, NOW) == []


async def test_a_sandbox_may_rotate_at_once(store: Store) -> None:
    sandbox = replace(ISSUER, environment=Environment.SANDBOX)
    await save_issuer(store, MASTER_KEY, sandbox, NOW)
    (added,) = await rotate(store, MASTER_KEY, sandbox, [Algorithm.ES256], NOW, 0)
    assert added.activates_at == NOW
    with pytest.raises(ManagementError):
        await rotate(store, MASTER_KEY, ISSUER, [Algorithm.ES256], NOW, 0)


async def test_what_is_due_is_rotated_before_its_time_is_over(store: Store) -> None:
    await save_issuer(store, MASTER_KEY, ISSUER, NOW)
    due_at = NOW + ROTATION_PERIOD - PUBLICATION_LEAD
    assert await rotate_due(store, MASTER_KEY, ISSUER, due_at - 1) == []
    added = await rotate_due(store, MASTER_KEY, ISSUER, due_at)
    assert {key.algorithm for key in added} == set(Algorithm)
    assert {key.activates_at for key in added} == {due_at + DAY}
    assert await rotate_due(store, MASTER_KEY, ISSUER, due_at) == []


async def test_an_algorithm_without_a_key_gets_one_that_signs_at_once(store: Store) -> None:
    added = await rotate_due(store, MASTER_KEY, ISSUER, NOW)
    assert {key.activates_at for key in added} == {NOW}
    assert {key.algorithm for key in added} == set(Algorithm)


def test_of_many_who_rotate_at_once_one_adds_a_key(store: Store, tmp_path: Path) -> None:
    asyncio.run(save_issuer(store, MASTER_KEY, ISSUER, NOW))
    counts: list[int] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        own = Store.open(tmp_path / "ostiary.sqlite3")
        barrier.wait()
        counts.append(len(asyncio.run(rotate(own, MASTER_KEY, ISSUER, [Algorithm.ES256], NOW))))
        own.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0] * 7 + [1]
