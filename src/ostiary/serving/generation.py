"""The application as one reading of the configuration makes it, and the servers that carry it.

On SIGHUP the next generation answers at the same sockets before this one stops.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from ostiary.app import SECONDS_TO_DRAIN, SystemClock, compose, keep_house
from ostiary.domain.refusals import ReasonCode
from ostiary.outbound.guarded import GuardedFetcher
from ostiary.serving.front import connection_limits, front_of
from ostiary.serving.http_server import HttpServer
from ostiary.serving.listeners import Listeners
from ostiary.serving.observation import Observation
from ostiary.serving.plan import Plan
from ostiary.serving.readiness import ProcessState, Readiness
from ostiary.serving.tls import tls_context
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.store import Store
from ostiary.web.asgi import Application, Receive, Scope, Send, send_response
from ostiary.web.probes import ManagementSite, Probes, probe_endpoints
from ostiary.web.responses import json_refusal

SECONDS_BETWEEN_ATTEMPTS = 1.0
SECONDS_FOR_LAST_PROBES = 0.2
# The rest of a handshake that has begun takes one way to the client and back.
SECONDS_TO_COME_IN = 0.05
# Of the end, beyond the patience with idle connections: a process has stopped within 5 seconds.
SECONDS_TO_END = 4.0
SECONDS_TO_END_HOUSE = 1.0
LEAST_SECONDS_TO_DRAIN = 0.2

_log = structlog.get_logger("ostiary.serving")


class Generation:
    """Belongs to one event loop. `prepared`: the database was there, and is as it has to be."""

    def __init__(self, plan: Plan, process: ProcessState, *, prepared: bool) -> None:
        self.plan: Final = plan
        settings = plan.settings
        tls = tls_context(settings.server)
        # Demo data means a developer's own machine, where the clients' servers are too.
        self._fetcher: Final = GuardedFetcher(
            allow=settings.outbound.allow, allow_loopback=plan.demo is not None
        )
        self._observation: Final = Observation(settings, process.telemetry)
        self._ostiary: Final = compose(
            self._observation.store(Store.open(settings.database.source)),
            plan.master_key,
            fetcher=self._observation.fetcher(self._fetcher),
            demo=plan.demo,
            unfit=plan.unfit,
            front=front_of(settings),
            telemetry=self._observation.telemetry,
        )
        self._readiness: Final = Readiness(
            process=process, store=self._ostiary.store, clock=SystemClock(), prepared=prepared
        )
        self._public: Final = HttpServer(
            self._public_application(), tls, connection_limits(settings.limits)
        )
        metrics_page = self._observation.page(self._ostiary)
        self._private: Final = HttpServer(
            ManagementSite({**probe_endpoints(self._readiness.verdicts), "/metrics": metrics_page})
        )
        self._keeping_house: asyncio.Task[None] | None = None

    async def begin(self, listeners: Listeners, on_unfit: Callable[[Exception], None]) -> None:
        """Answer; as long as the database is away, with 503.

        `on_unfit` is called when what it holds, once it has come, must not be served.
        """
        await self._private.begin(listeners.management)
        await self._public.begin(listeners.public)
        self._keeping_house = asyncio.create_task(self._keep_house(on_unfit))

    async def _keep_house(self, on_unfit: Callable[[Exception], None]) -> None:
        try:
            await self._await_store()
        except Exception as error:
            on_unfit(error)
        else:
            await keep_house(self._ostiary)

    async def _await_store(self) -> None:
        """Prepare the database as soon as it can be reached, however long that takes."""
        told = ""
        while not self._readiness.prepared:
            try:
                await asyncio.to_thread(self.plan.prepare)
            except StoreUnavailable as error:
                if str(error) != told:
                    told = str(error)
                    _log.warning("waiting for the database", error=told)
                await asyncio.sleep(SECONDS_BETWEEN_ATTEMPTS)
            else:
                _log.warning("the database has come")
                self._readiness.prepared = True

    def announce_end(self) -> None:
        self._public.announce_end()

    async def end(self, patience: float, *, has_successor: bool) -> None:
        """Stop listening, answer who is there, and let go of everything, whatever hangs.

        `patience` is for connections on which nothing was asked yet. The probes answer to the last.
        """
        deadline = time.monotonic() + patience + SECONDS_TO_END
        try:
            if has_successor:
                self._public.hand_over()
            else:
                self._public.close_door()
                await asyncio.sleep(SECONDS_TO_COME_IN)
                self._public.stop_listening()
            await asyncio.gather(self._end_house(), self._public.end(patience))
            # Other workers listen at the same sockets.
            self._private.hand_over()
            await self._private.end(0, seconds_to_finish=SECONDS_FOR_LAST_PROBES)
        finally:
            await self._fetcher.close()
            left = max(LEAST_SECONDS_TO_DRAIN, deadline - time.monotonic())
            await self._ostiary.close(min(left, SECONDS_TO_DRAIN))
            await self._observation.close()

    async def _end_house(self) -> None:
        if self._keeping_house is not None:
            self._keeping_house.cancel()
            await asyncio.wait({self._keeping_house}, timeout=SECONDS_TO_END_HOUSE)

    def _public_application(self) -> Application:
        settings = self.plan.settings
        application = self._ostiary.application
        if not self._readiness.prepared:
            application = Gate(application, self._readiness)
        if settings.management.port is None:
            application = Probes(application, self._readiness.is_ready)
        return application


class Gate:
    """Shut as long as nothing can be asked of the store."""

    def __init__(self, inner: Application, readiness: Readiness) -> None:
        self._inner: Final = inner
        self._readiness: Final = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._readiness.prepared:
            await self._inner(scope, receive, send)
        else:
            await send_response(json_refusal(ReasonCode.BUSY.refusal(), basic=False), send)
