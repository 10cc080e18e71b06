"""A clock that jumps ahead makes everything look expired: it is not believed at once."""

import time
from collections.abc import Callable
from typing import Final

from ostiary.domain.clock import Clock
from ostiary.domain.issuer import HOUR

# More than clocks are corrected by.
LARGEST_STEP = HOUR
# Time for people, or their time server, to set it right.
SECONDS_OF_DOUBT = HOUR


class Clockwatch:
    """Compares the machine's clock with one that cannot be set."""

    def __init__(self, clock: Clock, steady: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._steady: Final = steady
        self._apart = clock.now() - steady()
        self._doubted_until = steady()

    def compare(self, known: int) -> None:
        """With an instant that has been: a clock further ahead may have jumped before we began."""
        if self._clock.now() > known + LARGEST_STEP:
            self._doubted_until = self._steady() + SECONDS_OF_DOUBT

    def is_believed(self) -> bool:
        """Whether it has gone on as time did, at least for the last hour."""
        steady = self._steady()
        apart = self._clock.now() - steady
        if apart > self._apart + LARGEST_STEP:
            self._doubted_until = steady + SECONDS_OF_DOUBT
        self._apart = apart
        return steady >= self._doubted_until
