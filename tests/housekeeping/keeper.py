"""A process that keeps house: `python -m tests.housekeeping.keeper DATABASE SECONDS NAME`.

Each run of its only job writes the name into the table of jobs.
"""

import asyncio
import signal
import sys
from pathlib import Path

from ostiary.app import SystemClock
from ostiary.housekeeping.clockwatch import Clockwatch
from ostiary.housekeeping.housekeeper import keep_house
from ostiary.housekeeping.job import Household, Job
from ostiary.storage.jobs import JobRun
from tests.kit.world import MovableClock, world_over


async def main(database: Path, seconds: float, name: str) -> None:
    world = world_over(database, MovableClock())

    async def note(household: Household) -> int:
        run = JobRun(name=name, ran_at=0, milliseconds=0, done=1)
        await household.store.jobs.save(run)
        return 1

    household = Household(
        store=world.store,
        master_key=world.ostiary.master_key,
        logout_delivery=world.ostiary.logout_delivery,
        observer=world.ostiary.telemetry,
        clock_of=lambda _issuer: world.clock,
        clockwatch=Clockwatch(SystemClock()),
    )
    jobs = [Job(name="note", seconds=0.01, run=note)]
    task = asyncio.create_task(keep_house(household, jobs, seconds_held=seconds))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await asyncio.wait({task})
    await world.ostiary.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
