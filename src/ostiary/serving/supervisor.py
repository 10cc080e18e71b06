"""The process above several workers: forks them, watches them, replaces those that die.

It has imported everything once and answers nothing itself. It has no thread and no event loop, so
that a fork copies neither; each worker opens its own store and makes its own random values.
"""

import gc
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final, NoReturn

import structlog

from ostiary.logs import configure_logs
from ostiary.management.errors import Failure, ManagementError
from ostiary.serving import systemd
from ostiary.serving.board import Board
from ostiary.serving.listeners import Listeners
from ostiary.serving.plan import Plan, ReadAgain, read_anew
from ostiary.serving.readiness import ProcessState
from ostiary.serving.worker import Worker, run_worker
from ostiary.telemetry.process import ProcessTelemetry
from ostiary.telemetry.snapshots import retire

HEARD = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})
GLANCE_SECONDS = 0.1
# A worker that dies before this has died at once; the next one waits a little longer each time.
SHORT_LIFE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0
# So often may workers die before any has ever answered.
MOST_STILLBIRTHS = 5
STUCK_AFTER_SECONDS = 60.0
# What a worker needs at most to stop, beyond its time to drain.
SECONDS_TO_STOP = 6.0

_log = structlog.get_logger("ostiary.serving")


@dataclass(slots=True, kw_only=True)
class _Place:
    """Of one worker after another."""

    number: int
    listeners: Listeners
    pid: int | None = None
    began_at: float = 0.0
    pause: float = 0.0
    due_at: float = 0.0


class Supervisor:
    def __init__(
        self,
        plan: Plan,
        listeners: Sequence[Listeners],
        *,
        prepared: bool,
        read_again: ReadAgain | None,
    ) -> None:
        self._plan = plan
        self._prepared: Final = prepared
        self._read_again: Final = read_again
        self._board: Final = Board(len(listeners))
        self._places: Final = [
            _Place(number=number, listeners=each) for number, each in enumerate(listeners)
        ]
        # Nothing is ever written: it closes with this process, and that is the message.
        self._pipe: Final = os.pipe()
        # Where workers leave what they have counted, for whichever of them is asked.
        self._snapshots: Final = Path(mkdtemp(prefix="ostiary-metrics-"))
        self._stillbirths = 0
        self._was_ready = False
        self._watched_at = 0.0

    def run(self, on_ready: Callable[[], None]) -> None:
        """Until told to stop. Raises ManagementError when it was to no avail."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
        # What was made so far is the same in all workers, as long as no collector writes to it.
        gc.collect()
        gc.freeze()
        try:
            self._hire()
            while not self._is_told_to_stop():
                self._tell(on_ready)
                self._bury()
                self._end_stuck()
                self._hire()
        finally:
            clean = self._stop()
            rmtree(self._snapshots, ignore_errors=True)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if not clean:
            raise _failed("a worker did not stop in time and was killed")

    def _is_told_to_stop(self) -> bool:
        heard = signal.sigtimedwait(HEARD, GLANCE_SECONDS)
        number = heard.si_signo if heard else None
        if number == signal.SIGHUP and self._read_again is not None:
            self._reload(self._read_again)
        return number in {signal.SIGTERM, signal.SIGINT}

    # ---- workers ----------------------------------------------------------------------------

    def _hire(self) -> None:
        now = time.monotonic()
        for place in self._places:
            if place.pid is None and place.due_at <= now:
                self._board.clear(place.number)
                place.began_at = now
                place.pid = os.fork() or self._become_worker(place)

    def _become_worker(self, place: _Place) -> NoReturn:
        code = 1
        try:
            os.close(self._pipe[1])
            for other in self._places:
                if other is not place:
                    for each in other.listeners.public:
                        each.close()
            worker = Worker(
                place.listeners,
                process=ProcessState(
                    board=self._board, telemetry=ProcessTelemetry(self._snapshots)
                ),
                on_pulse=lambda: self._board.show(place.number),
                read_again=self._read_again,
                supervisor=self._pipe[0],
            )
            run_worker(worker, self._plan, prepared=self._prepared, on_ready=_nothing)
            code = 0
        except ManagementError as error:
            _log.error("worker ends", pid=os.getpid(), error=str(error))
        except BaseException:
            _log.exception("worker ends", pid=os.getpid())
        finally:
            os._exit(code)

    def _bury(self) -> None:
        for place in self._places:
            if place.pid is None or not (status := _ended(place.pid)):
                continue
            lived = time.monotonic() - place.began_at
            at_once = lived < SHORT_LIFE_SECONDS
            place.pause = min(2 * place.pause or 0.5, LONGEST_PAUSE_SECONDS) if at_once else 0.0
            place.due_at = time.monotonic() + place.pause
            _log.error(
                "worker died",
                pid=place.pid,
                how=status,
                lived_seconds=round(lived, 1),
                next_in_seconds=place.pause,
            )
            retire(self._snapshots, place.pid)
            place.pid = None
            self._stillbirths += 1
            if not self._was_ready and self._stillbirths >= MOST_STILLBIRTHS:
                raise _failed("the workers die before they answer")

    def _end_stuck(self) -> None:
        now = time.monotonic()
        for place in self._places:
            seen_at = self._board.seen_at(place.number) or place.began_at
            if place.pid is not None and now - seen_at > STUCK_AFTER_SECONDS:
                _log.error("worker is stuck, so it is killed", pid=place.pid)
                os.kill(place.pid, signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        for place in self._places:
            if place.pid is not None:
                os.kill(place.pid, number)

    # ---- what is told -----------------------------------------------------------------------

    def _tell(self, on_ready: Callable[[], None]) -> None:
        now = time.monotonic()
        fresh = self._board.fresh()
        if fresh == len(self._places) and not self._was_ready:
            self._was_ready = True
            systemd.notify(systemd.READY)
            on_ready()
        interval = systemd.watchdog_interval()
        if fresh and interval is not None and now - self._watched_at >= interval:
            self._watched_at = now
            systemd.notify(systemd.ALIVE)

    def _reload(self, read_again: ReadAgain) -> None:
        """Workers reload each by itself, once it is known that they can."""
        systemd.notify(systemd.reloading())
        plan = read_anew(self._plan, read_again)
        if plan is not None:
            self._plan = plan
            configure_logs(plan.settings.log.format, plan.settings.log.level)
            self._send(signal.SIGHUP)
        systemd.notify(systemd.READY)

    # ---- the end ----------------------------------------------------------------------------

    def _stop(self) -> bool:
        """Whether all workers have ended by themselves."""
        systemd.notify(systemd.STOPPING)
        # Those of the workers stay open as long as they drain.
        for place in self._places:
            place.listeners.close()
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + self._plan.settings.server.drain_seconds + SECONDS_TO_STOP
        while (left := self._left()) and time.monotonic() < deadline:
            heard = signal.sigtimedwait(HEARD, GLANCE_SECONDS)
            if heard is not None and heard.si_signo in {signal.SIGTERM, signal.SIGINT}:
                self._send(signal.SIGTERM)
        for place in left:
            if place.pid is not None:
                _log.error("worker does not stop, so it is killed", pid=place.pid)
                os.kill(place.pid, signal.SIGKILL)
                os.waitpid(place.pid, 0)
        return not left

    def _left(self) -> Sequence[_Place]:
        for place in self._places:
            if place.pid is not None and _ended(place.pid):
                place.pid = None
        return [place for place in self._places if place.pid is not None]


def _ended(pid: int) -> str | None:
    """How the process has ended; None as long as it runs."""
    with suppress(ChildProcessError):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if not ended:
            return None
        code = os.waitstatus_to_exitcode(status)
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return "unknown"


def _failed(what: str) -> ManagementError:
    return ManagementError(what, "see the log above for the reason", Failure.UNAVAILABLE)


def _nothing() -> None:
    return None
