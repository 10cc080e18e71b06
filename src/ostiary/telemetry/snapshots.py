"""What several processes have counted, added up by whichever of them is asked.

Each writes its numbers into a file of its own, once a second. What a process that is gone has
counted goes on counting, or the sums would fall, and whoever watches would see a new beginning.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from ostiary.telemetry.instruments import Instruments

SECONDS_BETWEEN_SNAPSHOTS = 1.0
OF_THE_GONE = "gone.json"

_log = structlog.get_logger("ostiary.telemetry")


class Snapshots:
    """In a private directory, which the supervisor makes and removes."""

    def __init__(self, directory: Path, instruments: Instruments) -> None:
        self._directory: Final = directory
        self._instruments: Final = instruments
        self._own: Final = _file_of(directory, os.getpid())

    def publish(self) -> None:
        try:
            _write(self._own, self._instruments)
        except OSError as error:
            # Such as a full disk: the figures of this process are old until there is room again.
            _log.warning("metrics not written", error=str(error))

    def gather(self) -> Instruments:
        """The sums: of this process as of now, of the others as of their last snapshot.

        What is told is written down first, so that it still counts when this process is killed.
        """
        self.publish()
        total = Instruments()
        total.absorb(self._instruments.export())
        with _locked(self._directory, fcntl.LOCK_SH):
            for each in self._directory.glob("*.json"):
                if each != self._own:
                    _absorb_file(total, each)
        return total


def retire(directory: Path, pid: int) -> None:
    """The process is gone: keep what it has counted, and forget what it was doing."""
    with _locked(directory, fcntl.LOCK_EX):
        last = _file_of(directory, pid)
        if not last.exists():
            return  # it died before it had counted anything
        gone = Instruments()
        for each in (directory / OF_THE_GONE, last):
            if each.exists():
                gone.absorb(json.loads(each.read_bytes()), gauges=False)
        _write(directory / OF_THE_GONE, gone)
        last.unlink()


def _file_of(directory: Path, pid: int) -> Path:
    return directory / f"{pid}.json"


def _absorb_file(total: Instruments, path: Path) -> None:
    total.absorb(json.loads(path.read_bytes()))


def _write(path: Path, instruments: Instruments) -> None:
    """Whoever reads meanwhile finds the old ones or the new ones."""
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(instruments.export()), "ascii")
    unfinished.replace(path)


@contextmanager
def _locked(directory: Path, how: int) -> Iterator[None]:
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
