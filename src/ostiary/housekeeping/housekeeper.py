"""The housekeeper: one in each process, of which the one that holds the lease does the work."""

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections.abc import Sequence
from typing import Final

import structlog

from ostiary.housekeeping.job import Household, Job
from ostiary.housekeeping.jobs import JOBS
from ostiary.housekeeping.tenure import SECONDS_HELD, Tenure
from ostiary.storage.clock import database_clock
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.jobs import JobRun

LEASE = "housekeeping"
SECONDS_TO_HAND_OVER = 0.5
# A job that fails is tried again after twice its time, then four times, and so on up to here.
LONGEST_PAUSE = 300.0
MOST_DOUBLINGS = 8
# A run that did nothing is noted no more often than this.
SECONDS_BETWEEN_NOTES = 60.0

_log = structlog.get_logger("ostiary.housekeeping")


def holder_name() -> str:
    """For people to find the process by; unlike that of any other."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"


async def keep_house(
    household: Household, jobs: Sequence[Job] = JOBS, *, seconds_held: float = SECONDS_HELD
) -> None:
    """Until cancelled, jobs are done here or in another process; then the lease is handed over."""
    tenure = Tenure(household.store.leases, LEASE, holder_name(), seconds=seconds_held)
    try:
        await Housekeeper(household, tenure, jobs).run()
    finally:
        await household.logout_delivery.close()
        # A lease that cannot be handed over runs out by itself.
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(SECONDS_TO_HAND_OVER):
                await tenure.hand_over()


async def compare_clocks(household: Household) -> None:
    """Ours with the database's, and with when a job has last run; after a long rest there is doubt,
    too: for an hour nothing is swept, sealed or rotated."""
    now = household.clock_of(None).now()
    ran_at = max((run.ran_at for run in await household.store.jobs.list()), default=now)
    theirs = await database_clock(household.store.database, now)
    household.clockwatch.compare(min(ran_at, theirs))
    if not household.clockwatch.is_believed():
        _log.warning("clock in doubt for an hour", clock=now, database=theirs, last_job=ran_at)


class Housekeeper:
    def __init__(self, household: Household, tenure: Tenure, jobs: Sequence[Job]) -> None:
        self._household: Final = household
        self._tenure: Final = tenure
        self._jobs: Final = jobs
        self._working: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """For ever: renew the lease or wait for it, and work while it is held."""
        try:
            while True:
                await self._renew()
                if self._tenure.seconds_left > 0:
                    await self._begin()
                else:
                    await self._stop()
                await asyncio.sleep(self._tenure.renewal)
        finally:
            await self._stop()

    async def _renew(self) -> None:
        """A renewal that cannot be made leaves the lease until its time is up, and no longer."""
        left = self._tenure.seconds_left
        try:
            async with asyncio.timeout(left if left > 0 else None):
                await self._tenure.hold()
        except (StoreUnavailable, TimeoutError) as error:
            _log.warning("lease not renewed", error=str(error) or "the database is too slow")
        except Exception:
            _log.exception("lease not renewed")

    async def _begin(self) -> None:
        if self._working:
            return
        try:
            await compare_clocks(self._household)
        except StoreUnavailable as error:
            _log.warning("housekeeping put off", error=str(error))
            return
        _log.info("housekeeping begins here", holder=self._tenure.holder)
        self._working = [asyncio.create_task(self._repeat(job)) for job in self._jobs]

    async def _stop(self) -> None:
        if self._working:
            _log.info("housekeeping ends here", holder=self._tenure.holder)
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        self._working = []

    async def _repeat(self, job: Job) -> None:
        failures = 0
        noted_at = -SECONDS_BETWEEN_NOTES
        wakes = job.wakes(self._household) if job.wakes else asyncio.Event()
        while True:
            wakes.clear()
            run = await self._run_once(job, failures)
            changed = run.done > 0 or run.failures != failures
            if changed or time.monotonic() - noted_at >= SECONDS_BETWEEN_NOTES:
                await self._note(run)
                noted_at = time.monotonic()
            failures = run.failures
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_pause(job, failures)):
                    await wakes.wait()

    async def _run_once(self, job: Job, failures: int) -> JobRun:
        """Whatever goes wrong is said, and tried again later."""
        began = time.monotonic()
        done, error = 0, None
        try:
            done = await job.run(self._household)
        except StoreUnavailable as unavailable:
            error = str(unavailable)
            _log.warning("job put off", job=job.name, error=error)
        except Exception as defect:
            error = f"{type(defect).__name__}: {defect}"
            _log.exception("job failed", job=job.name)
        seconds = time.monotonic() - began
        self._household.observer.job_ran(job.name, seconds, succeeded=error is None)
        if done:
            _log.info("job done", job=job.name, done=done, ms=round(1000 * seconds))
        return JobRun(
            name=job.name,
            ran_at=self._household.clock_of(None).now(),
            milliseconds=round(1000 * seconds),
            done=done,
            failures=failures + 1 if error else 0,
            error=error,
        )

    async def _note(self, run: JobRun) -> None:
        if not self._household.clockwatch.is_believed():
            return  # whoever begins next would compare its clock with this one
        try:
            await self._household.store.jobs.save(run)
        except StoreUnavailable as error:
            _log.warning("job not noted", job=run.name, error=str(error))


def _pause(job: Job, failures: int) -> float:
    doubled = job.seconds * (1 << min(failures, MOST_DOUBLINGS))
    return min(doubled, max(LONGEST_PAUSE, job.seconds))
