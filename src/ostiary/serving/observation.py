"""How one generation of the application is watched: what is counted goes on, traces are its own."""

import asyncio
from typing import Final

from ostiary.app import Ostiary, SystemClock
from ostiary.logs import Lines
from ostiary.outbound.fetcher import Fetcher
from ostiary.settings import Settings
from ostiary.storage.database import Database
from ostiary.storage.store import Store
from ostiary.telemetry import metrics
from ostiary.telemetry.measured_database import MeasuredDatabase
from ostiary.telemetry.process import ProcessTelemetry
from ostiary.telemetry.scrape import Scrape
from ostiary.telemetry.telemetry import Telemetry
from ostiary.telemetry.watched import Watched


class Observation:
    def __init__(self, settings: Settings, process: ProcessTelemetry) -> None:
        self._process: Final = process
        plan = settings.tracing.plan
        self._tracing: Final = None if plan is None else plan.open()
        self.telemetry: Final = Telemetry(
            process.instruments,
            tracing=self._tracing,
            client_label=settings.metrics.client_label,
            request_lines=settings.log.requests,
        )

    def store(self, store: Store) -> Store:
        """The same, telling of every call."""
        database: Database = MeasuredDatabase(store.database, self._process.instruments)
        return Store(self._tracing.database(database) if self._tracing else database)

    def fetcher(self, fetcher: Fetcher) -> Fetcher:
        return self._tracing.fetcher(fetcher) if self._tracing else fetcher

    def page(self, ostiary: Ostiary) -> Scrape:
        """/metrics; from now on it tells of this application what is read when somebody looks."""
        sample = self._process.instruments.sample
        database, passwords = ostiary.store.database, ostiary.passwords
        sample(
            metrics.DB_POOL,
            lambda: {(state,): count for state, count in database.connections().items()},
        )
        sample(metrics.PASSWORD_HASH_QUEUE, lambda: {(): passwords.waiting})
        sample(metrics.LOG_WRITE_FAILURES, lambda: {(): Lines.lost})
        watched = Watched(ostiary.store, SystemClock())
        return Scrape(self._process.instruments, watched, self._process.snapshots)

    async def close(self) -> None:
        """Send the spans that are left; whoever takes them may be slow."""
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.close)
