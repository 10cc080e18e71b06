"""One process that answers: its generations, one after another, and what signals make of it."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Final

import structlog
import uvloop

from ostiary.logs import configure_logs
from ostiary.serving import systemd
from ostiary.serving.generation import Generation
from ostiary.serving.listeners import Listeners
from ostiary.serving.plan import Plan, ReadAgain, read_anew
from ostiary.serving.readiness import ProcessState

# A client that is about to ask on an idle connection has asked by then.
PATIENCE_SECONDS = 0.5
# An idle connection is closed by itself after less, so that a reload cuts nobody off.
RELOAD_PATIENCE_SECONDS = 10.0
# At the end of the process; what is under way then is let go.
SECONDS_TO_RETIRE = 3.0
PULSE_SECONDS = 0.25
HEARD = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})

_log = structlog.get_logger("ostiary.serving")


class Order(Enum):
    STOP = auto()
    RELOAD = auto()


class Worker:
    """Belongs to one event loop.

    `on_pulse` is called a few times a second, as long as the loop turns. `supervisor` is a pipe that closes when the supervisor has died; None where this
    is the only process.
    """

    def __init__(
        self,
        listeners: Listeners,
        *,
        process: ProcessState,
        on_pulse: Callable[[], None],
        read_again: ReadAgain | None,
        supervisor: int | None = None,
    ) -> None:
        self._listeners: Final = listeners
        self._process: Final = process
        self._on_pulse: Final = on_pulse
        self._read_again: Final = read_again
        self._supervisor: Final = supervisor
        self._orders: Final[asyncio.Queue[Order]] = asyncio.Queue()
        self._retiring: Final[set[asyncio.Task[None]]] = set()
        self._unfit: Exception | None = None

    async def run(self, plan: Plan, *, prepared: bool, on_ready: Callable[[], None]) -> None:
        """Answer until told to stop. Raises what a database that came late must not be served for."""
        self._hear_signals()
        generation = Generation(plan, self._process, prepared=prepared)
        await generation.begin(self._listeners, self._give_up)
        _keep_what_is_there()
        pulse = asyncio.create_task(self._pulse())
        telemetry = asyncio.create_task(self._process.telemetry.run())
        on_ready()
        while await self._orders.get() is Order.RELOAD:
            generation = await self._renewed(generation)
        await self._stop(generation)
        pulse.cancel()
        telemetry.cancel()
        if self._unfit is not None:
            raise self._unfit

    def _hear_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._orders.put_nowait, Order.STOP)
        if self._supervisor is None:
            loop.add_signal_handler(signal.SIGINT, self._orders.put_nowait, Order.STOP)
        else:
            # Ctrl-C goes to all processes of a terminal; the supervisor decides what it means.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            loop.add_reader(self._supervisor, self._stop_as_orphan)
        if self._read_again is not None:
            loop.add_signal_handler(signal.SIGHUP, self._orders.put_nowait, Order.RELOAD)
        # The supervisor held them back until there was somebody to hear them.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)

    def _stop_as_orphan(self) -> None:
        if self._supervisor is not None:
            asyncio.get_running_loop().remove_reader(self._supervisor)
        _log.error("the supervisor has died, so this worker stops", pid=os.getpid())
        self._orders.put_nowait(Order.STOP)

    def _give_up(self, error: Exception) -> None:
        self._unfit = error
        self._orders.put_nowait(Order.STOP)

    async def _pulse(self) -> None:
        while True:
            self._on_pulse()
            await asyncio.sleep(PULSE_SECONDS)

    async def _renewed(self, old: Generation) -> Generation:
        """The next generation, which answers already; the old one if the configuration is broken."""
        if self._read_again is None:
            return old
        self._tell_systemd(systemd.reloading())
        plan = await asyncio.to_thread(read_anew, old.plan, self._read_again)
        generation = old
        if plan is not None:
            configure_logs(plan.settings.log.format, plan.settings.log.level)
            generation = Generation(plan, self._process, prepared=True)
            await generation.begin(self._listeners, self._give_up)
            task = asyncio.create_task(_retire(old))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)
            _log.warning("configuration read anew", pid=os.getpid())
        self._tell_systemd(systemd.READY)
        return generation

    async def _stop(self, generation: Generation) -> None:
        """Readiness fails first, and whoever stands in front has time to see it."""
        began = time.monotonic()
        self._process.draining = True
        self._tell_systemd(systemd.STOPPING)
        generation.announce_end()
        with suppress(TimeoutError):
            # A second signal says: at once.
            seconds = generation.plan.settings.server.drain_seconds
            await asyncio.wait_for(self._orders.get(), seconds)
        self._listeners.close()
        retired = [_retire_soon(task) for task in self._retiring]
        await asyncio.gather(generation.end(PATIENCE_SECONDS, has_successor=False), *retired)
        _log.info("stopped", pid=os.getpid(), seconds=round(time.monotonic() - began, 1))

    def _tell_systemd(self, state: str) -> None:
        """It listens to the main process alone."""
        if self._supervisor is None:
            systemd.notify(state)


def run_worker(worker: Worker, plan: Plan, *, prepared: bool, on_ready: Callable[[], None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(worker.run(plan, prepared=prepared, on_ready=on_ready))


async def _retire(old: Generation) -> None:
    await old.end(RELOAD_PATIENCE_SECONDS, has_successor=True)
    gc.unfreeze()
    _keep_what_is_there()


async def _retire_soon(retiring: asyncio.Task[None]) -> None:
    await asyncio.wait({retiring}, timeout=SECONDS_TO_RETIRE)
    retiring.cancel()
    await asyncio.wait({retiring})


def _keep_what_is_there() -> None:
    """What was made so far stays: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
