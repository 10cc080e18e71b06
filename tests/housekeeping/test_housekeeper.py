"""Jobs: run where the lease is held, tried again when they fail, and their state is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ostiary.housekeeping.housekeeper import keep_house
from ostiary.housekeeping.job import Household, Job
from ostiary.housekeeping.jobs import JOBS
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.jobs import JobRun
from ostiary.storage.store import Store
from tests.kit.world import World

HELD = 0.6


def job(run: Callable[[Household], Awaitable[int]], **changes: object) -> Job:
    return replace(Job(name="job", seconds=0.01, run=run), **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def kept(household: Household, *jobs: Job) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(keep_house(household, jobs, seconds_held=HELD))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Runs:
    """A job that counts its runs; `fails` is raised by each."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.count = 0
        self.fails = fails
        self._ran = asyncio.Condition()

    async def __call__(self, _household: Household) -> int:
        async with self._ran:
            self.count += 1
            self._ran.notify_all()
        if self.fails is not None:
            raise self.fails
        return 1

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10), self._ran:
            await self._ran.wait_for(lambda: self.count >= count)


async def state_of(store: Store, fits: Callable[[JobRun], bool]) -> JobRun:
    """The state of the one job, as soon as it is as it should be."""
    async with asyncio.timeout(10):
        while True:
            runs = await store.jobs.list()
            if runs and fits(runs[0]):
                return runs[0]
            await asyncio.sleep(0.005)


async def test_a_job_is_run_again_and_again_and_its_state_is_told(
    household: Household, world: World
) -> None:
    runs = Runs()
    async with kept(household, job(runs)):
        await runs.until(5)
        state = await state_of(world.store, lambda run: run.total >= 4)
    assert (state.name, state.done, state.failures, state.error) == ("job", 1, 0, None)
    assert state.ran_at == world.clock.time


@pytest.mark.parametrize("error", [StoreUnavailable("away"), RuntimeError("a defect")])
async def test_a_job_that_fails_is_told_and_holds_up_no_other(
    household: Household, world: World, error: Exception
) -> None:
    broken, whole = Runs(error), Runs()
    async with kept(household, job(broken, name="a"), job(whole, name="b")):
        await whole.until(10)
        state = await state_of(world.store, lambda run: run.failures >= 2)
        assert str(error) in (state.error or "")
        broken.fails = None
        state = await state_of(world.store, lambda run: run.failures == 0)
    assert (state.name, state.error) == ("a", None)


async def test_a_job_that_fails_is_tried_less_and_less_often(household: Household) -> None:
    broken, whole = Runs(RuntimeError("a defect")), Runs()
    async with kept(household, job(broken, name="a", seconds=0.02), job(whole, seconds=0.02)):
        await whole.until(30)
    assert broken.count < 8


async def test_a_job_that_is_woken_runs_at_once(household: Household) -> None:
    runs, wakes = Runs(), asyncio.Event()
    async with kept(household, job(runs, seconds=1000, wakes=lambda _: wakes)):
        await runs.until(1)
        wakes.set()
        await runs.until(2)


async def test_of_two_processes_one_works_and_the_other_takes_over_when_it_ends(
    household: Household,
) -> None:
    first, second = Runs(), Runs()
    async with kept(household, job(first)) as working:
        await first.until(1)
        async with kept(household, job(second)):
            await first.until(20)
            assert second.count == 0
            working.cancel()
            await second.until(1)
            at_the_end = first.count
            await second.until(5)
            assert first.count == at_the_end


async def test_who_cannot_renew_the_lease_stops_working(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs()

    async def away(*_: object) -> bool:
        raise StoreUnavailable("away")

    async with kept(household, job(runs)):
        await runs.until(1)
        monkeypatch.setattr(type(household.store.leases), "take", away)
        async with asyncio.timeout(10):
            seen = -1
            while seen != runs.count:
                seen = runs.count
                await asyncio.sleep(0.5)


def test_jobs_have_names_of_their_own() -> None:
    assert len({each.name for each in JOBS}) == len(JOBS)
