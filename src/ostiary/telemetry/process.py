"""What a process keeps of its telemetry while it lives, whatever configuration is in force."""

import asyncio
import platform
import time
from pathlib import Path
from typing import Final

import structlog

from ostiary import __version__
from ostiary.telemetry import metrics
from ostiary.telemetry.instruments import Instruments
from ostiary.telemetry.snapshots import SECONDS_BETWEEN_SNAPSHOTS, Snapshots

# A clock that is kept right is moved by far less in a second.
CLOCK_STEP_SECONDS = 1.0

_log = structlog.get_logger("ostiary.telemetry")


class ProcessTelemetry:
    """`directory` where there are other processes: see `Snapshots`."""

    def __init__(self, directory: Path | None = None) -> None:
        self.instruments: Final = Instruments()
        self.snapshots: Final = (
            None if directory is None else Snapshots(directory, self.instruments)
        )
        self._clock: Final = ClockWatch(self.instruments)
        number = self.instruments.number
        number(metrics.PROCESSES).set(1)
        number(metrics.BUILD_INFO).set(1, __version__, platform.python_version())

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._clock.look(time.time(), time.monotonic())
            if self.snapshots is not None:
                self.snapshots.publish()
            await asyncio.sleep(SECONDS_BETWEEN_SNAPSHOTS)


class ClockWatch:
    """Notices when the machine's clock is set, by one that cannot be."""

    def __init__(self, instruments: Instruments) -> None:
        self._steps: Final = instruments.number(metrics.CLOCK_STEPS)
        self._ahead: float | None = None

    def look(self, clock: float, monotonic: float) -> None:
        ahead = clock - monotonic
        step = 0.0 if self._ahead is None else ahead - self._ahead
        self._ahead = ahead
        if abs(step) > CLOCK_STEP_SECONDS:
            self._steps.add("forward" if step > 0 else "back")
            _log.warning("the clock was set", seconds=round(step, 1))
