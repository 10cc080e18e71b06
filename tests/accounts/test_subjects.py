"""The key of pairwise subjects: made once for an issuer, wherever it is missed first."""

import asyncio

import pytest

from ostiary.accounts.subjects import open_subjects
from ostiary.domain.subjects import Subjects
from ostiary.signing.master_key import MasterKey, MasterKeyError
from ostiary.storage.database import Step
from tests.kit.world import ENTERPRISE, MASTER_KEY, START, World, world_over

FORGET = "DELETE FROM subject_keys WHERE issuer_id = :issuer_id RETURNING issuer_id"


async def opened(world: World) -> Subjects:
    return await open_subjects(world.store, MASTER_KEY, "enterprise", START)


async def test_an_issuer_is_made_with_its_key(world: World) -> None:
    for issuer_id in ("enterprise", "consumer"):
        assert await world.store.keys.subject_key(issuer_id) is not None
    assert await open_subjects(world.store, MASTER_KEY, "consumer", START) != await opened(world)


async def test_an_issuer_of_an_older_database_gets_its_key_when_it_is_served(world: World) -> None:
    assert await world.store.database.change(Step(FORGET, {"issuer_id": "enterprise"}))
    again = world_over(world.path, world.clock)
    async with again.http(ENTERPRISE) as http:
        assert (await http.get(ENTERPRISE.endpoint("jwks"))).status_code == 200
    assert await again.store.keys.subject_key("enterprise") is not None
    await again.ostiary.close()


async def test_many_who_miss_it_at_once_make_one(world: World) -> None:
    assert await world.store.database.change(Step(FORGET, {"issuer_id": "enterprise"}))
    found = await asyncio.gather(*(opened(world) for _ in range(20)))
    assert len(set(found)) == 1
    assert found[0] == await opened(world)


async def test_another_master_key_does_not_open_it(world: World) -> None:
    with pytest.raises(MasterKeyError):
        await open_subjects(world.store, MasterKey(b"x" * 32), "enterprise", START)
