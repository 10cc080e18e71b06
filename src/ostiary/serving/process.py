"""Serving, from a plan to the end: in this process alone, or in workers below it."""

import time
from collections.abc import Callable, Sequence

import structlog

from ostiary.domain.issuer import Issuer
from ostiary.logs import configure_logs
from ostiary.serving import systemd
from ostiary.serving.listeners import Listeners, bind_all
from ostiary.serving.plan import Plan, ReadAgain, may_come_back
from ostiary.serving.readiness import ProcessState
from ostiary.serving.supervisor import Supervisor
from ostiary.serving.worker import Worker, run_worker
from ostiary.storage.database import StoreUnavailable

_log = structlog.get_logger("ostiary.serving")


def prepare(plan: Plan) -> Sequence[Issuer] | None:
    """Look at everything before it is served: the issuers; None when the database is away.

    Raises what `Plan.check` and `Plan.prepare` raise.
    """
    configure_logs(plan.settings.log.format, plan.settings.log.level)
    plan.check()
    try:
        return plan.prepare()
    except StoreUnavailable as error:
        if not may_come_back(error, plan):
            raise
        _log.warning("the database is away; serving 503 until it comes", error=str(error))
        return None


def serve(
    plan: Plan,
    *,
    prepared: bool,
    on_ready: Callable[[], None],
    read_again: ReadAgain | None = None,
) -> None:
    """Serve until told to stop; `on_ready` is called once the service answers.

    `prepared`: what `prepare` does has been done. `read_again` makes the next plan on SIGHUP.
    Raises ManagementError when an address is taken.
    """
    configure_logs(plan.settings.log.format, plan.settings.log.level)
    listeners = bind_all(plan.settings, plan.settings.server.worker_count)
    if len(listeners) == 1:
        _serve_alone(
            plan, listeners[0], prepared=prepared, on_ready=on_ready, read_again=read_again
        )
    else:
        Supervisor(plan, listeners, prepared=prepared, read_again=read_again).run(on_ready)


def _serve_alone(
    plan: Plan,
    listeners: Listeners,
    *,
    prepared: bool,
    on_ready: Callable[[], None],
    read_again: ReadAgain | None,
) -> None:
    def ready() -> None:
        systemd.notify(systemd.READY)
        on_ready()

    worker = Worker(listeners, process=ProcessState(), on_pulse=_watchdog(), read_again=read_again)
    run_worker(worker, plan, prepared=prepared, on_ready=ready)


def _watchdog() -> Callable[[], None]:
    """Tells systemd that the loop turns, as often as it wants to hear it."""
    interval = systemd.watchdog_interval()
    told_at = 0.0

    def tell() -> None:
        nonlocal told_at
        now = time.monotonic()
        if interval is not None and now - told_at >= interval:
            told_at = now
            systemd.notify(systemd.ALIVE)

    return tell
