"""Holding a lease: renewed in time by its holder, taken over from one that has fallen silent.

Only stretches of time are measured, each process by its own steady clock: clocks that are wrong, or
set, move no lease. A holder counts from before it asks for a renewal, an onlooker from after it
has seen one, so the holder is through first.
"""

import math
import time
from collections.abc import Callable
from typing import Final

from ostiary.storage.leases import Lease, Leases

# A lease is lost this long after its last renewal, which is due three times as often.
SECONDS_HELD = 9.0


class Tenure:
    """One process and one lease."""

    def __init__(
        self,
        leases: Leases,
        name: str,
        holder: str,
        *,
        seconds: float = SECONDS_HELD,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.holder: Final = holder
        self.renewal: Final = seconds / 3
        self._leases: Final = leases
        self._name: Final = name
        self._seconds: Final = seconds
        self._steady: Final = steady
        self._held_until = -math.inf
        self._seen: Lease | None = None
        self._seen_since = 0.0

    @property
    def seconds_left(self) -> float:
        """For how long it is held without another renewal; 0 or less when it is not."""
        return self._held_until - self._steady()

    async def hold(self) -> bool:
        """Renew it, or take it when it may be taken; whether it is held now."""
        seen = None
        if self.seconds_left <= 0:
            seen = await self._leases.find(self._name)
            if not self._may_take(seen):
                return False
        asked_at = self._steady()
        held = await self._leases.take(self._name, self.holder, seen)
        self._held_until = asked_at + self._seconds if held else -math.inf
        return held

    def _may_take(self, seen: Lease | None) -> bool:
        """Whether it is free, or its holder has been silent for too long."""
        if seen != self._seen:
            self._seen, self._seen_since = seen, self._steady()
        if seen is None or seen.is_free or seen.holder == self.holder:
            return True
        return self._steady() - self._seen_since >= self._seconds

    async def hand_over(self) -> None:
        """Let another process take it at once."""
        if self.seconds_left > 0:
            self._held_until = -math.inf
            await self._leases.hand_over(self._name, self.holder)
