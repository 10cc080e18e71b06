"""One holder at a time, whatever the clocks say, and soon another one when it has died."""

import asyncio

import pytest

from ostiary.housekeeping.tenure import Tenure
from ostiary.storage.source import Source
from ostiary.storage.store import Store
from tests.housekeeping.steady import Steady
from tests.kit.world import World

pytestmark = pytest.mark.both_engines

SECONDS = 15.0


def contender(store: Store, holder: str, clock: Steady) -> Tenure:
    return Tenure(store.leases, "work", holder, seconds=SECONDS, steady=clock)


async def test_the_first_one_holds_it_and_renews_it(world: World) -> None:
    clock = Steady()
    first, second = (contender(world.store, name, clock) for name in ("first", "second"))
    for _ in range(10):
        assert await first.hold()
        assert not await second.hold()
        clock.time += first.renewal
    assert first.seconds_left == SECONDS - first.renewal
    assert second.seconds_left <= 0


async def test_it_moves_within_its_time_when_the_holder_falls_silent(world: World) -> None:
    clock = Steady()
    first, second = (contender(world.store, name, clock) for name in ("first", "second"))
    assert await first.hold()
    assert not await second.hold()
    clock.time += SECONDS - 0.1
    assert not await second.hold(), "it is held still"
    clock.time += 0.1
    assert first.seconds_left <= 0, "the holder is through before anybody else begins"
    assert await second.hold()
    assert not await first.hold()


async def test_whoever_comes_late_waits_the_whole_time(world: World) -> None:
    """It cannot know when the last renewal was."""
    clock = Steady()
    first, second = (contender(world.store, name, clock) for name in ("first", "second"))
    assert await first.hold()
    clock.time += SECONDS
    assert not await second.hold()
    clock.time += SECONDS
    assert await second.hold()


async def test_a_lease_that_was_handed_over_is_taken_at_once(world: World) -> None:
    clock = Steady()
    first, second = (contender(world.store, name, clock) for name in ("first", "second"))
    assert await first.hold()
    assert not await second.hold()
    await first.hand_over()
    assert await second.hold()
    await first.hand_over()
    assert not await world.store.leases.hand_over("work", "first"), "it is the holder's alone"
    assert not await first.hold()
    assert await second.hold()


@pytest.mark.parametrize("apart", [30.0, -30.0, 1e9])
async def test_st_20_clocks_that_are_apart_make_no_difference(world: World, apart: float) -> None:
    here, there = Steady(1000.0), Steady(1000.0 + apart)
    first, second = contender(world.store, "first", here), contender(world.store, "second", there)
    assert await first.hold()
    for _ in range(6):
        assert not await second.hold()
        here.time += SECONDS / 3
        there.time += SECONDS / 3
        assert await first.hold()
    for _ in range(3):
        assert not await second.hold()
        there.time += SECONDS / 3
    assert await second.hold()


async def test_of_many_that_want_it_at_once_one_gets_it(source: Source) -> None:
    """Processes with connections of their own; at first, and when the holder has died."""
    clock = Steady()
    stores = [Store.open(source) for _ in range(6)]
    tenures = [contender(store, str(number), clock) for number, store in enumerate(stores)]
    held = await asyncio.gather(*(tenure.hold() for tenure in tenures))
    assert held.count(True) == 1
    dead = tenures.pop(held.index(True))
    assert not any(await asyncio.gather(*(tenure.hold() for tenure in tenures)))
    clock.time += SECONDS
    held = await asyncio.gather(*(tenure.hold() for tenure in tenures))
    assert held.count(True) == 1
    assert not await dead.hold()
    for store in stores:
        store.close()
