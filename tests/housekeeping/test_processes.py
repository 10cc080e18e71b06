"""The work moves to another process when the one that does it is killed, or ends."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ostiary.housekeeping.tenure import SECONDS_HELD
from ostiary.storage.store import Store
from tests.kit.server import ROOT, Site, make_site, serving
from tests.kit.world import World

HELD = 1.5
# For a process to be scheduled on a machine that has other things to do.
SLACK = 5.0


@contextmanager
def keeper(database: Path, name: str) -> Iterator["subprocess.Popen[str]"]:
    command = (sys.executable, "-m", "tests.housekeeping.keeper", str(database), str(HELD), name)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            yield process
        finally:
            process.kill()


async def runs_of(store: Store, name: str) -> int:
    return sum(run.total for run in await store.jobs.list() if run.name == name)


async def works(store: Store, name: str, within: float) -> float:
    """After how many seconds the process of this name has worked anew."""
    began, before = time.monotonic(), await runs_of(store, name)
    async with asyncio.timeout(within):
        while await runs_of(store, name) <= before:
            await asyncio.sleep(0.01)
    return time.monotonic() - began


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_the_work_moves_when_its_process_is_gone(world: World, how: signal.Signals) -> None:
    with keeper(world.path, "first") as first:
        await works(world.store, "first", HELD + SLACK)
        with keeper(world.path, "second"):
            await works(world.store, "first", SLACK)
            assert await runs_of(world.store, "second") == 0
            first.send_signal(how)
            first.wait(SLACK)
            seconds = await works(world.store, "second", HELD + HELD / 3 + SLACK)
    if how is signal.SIGTERM:
        assert seconds < HELD / 3 + SLACK / 2, "it was handed over"


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Site:
    return make_site(template, tmp_path / "ostiary.db")


@pytest.mark.faults
async def test_the_work_of_a_killed_server_is_taken_up_by_another(site: Site) -> None:
    store = Store.open(site.database)

    async def holder() -> str:
        lease = await store.leases.find("housekeeping")
        return lease.holder if lease else ""

    with serving(site, processes=2) as (first, second):
        async with asyncio.timeout(SLACK):
            while not (held_by := await holder()):
                await asyncio.sleep(0.05)
        working = first if f"/{first.process.pid}/" in held_by else second
        working.kill()
        async with asyncio.timeout(SECONDS_HELD + SECONDS_HELD / 3 + SLACK):
            while await holder() == held_by:
                await asyncio.sleep(0.05)
    store.close()
