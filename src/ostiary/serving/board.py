"""Where workers show that they live: memory that the supervisor makes and all of them share.

Each worker writes to its own place alone, and whoever reads may see a value a moment too old.
"""

import mmap
import struct
import time
from typing import Final

# A worker's loop turns far more often; one that was silent for so long is stuck, or gone.
SILENT_AFTER_SECONDS = 3.0

_PLACE = struct.Struct("=d")


class Board:
    def __init__(self, places: int) -> None:
        self.places: Final = places
        self._memory: Final = mmap.mmap(-1, places * _PLACE.size)

    def clear(self, place: int) -> None:
        """For a worker that does not answer yet."""
        _PLACE.pack_into(self._memory, place * _PLACE.size, 0.0)

    def show(self, place: int) -> None:
        _PLACE.pack_into(self._memory, place * _PLACE.size, time.monotonic())

    def seen_at(self, place: int) -> float:
        """When the worker last showed itself; 0 before it answers."""
        (seen_at,) = _PLACE.unpack_from(self._memory, place * _PLACE.size)
        return float(seen_at)

    def fresh(self) -> int:
        """How many workers answer."""
        since = time.monotonic() - SILENT_AFTER_SECONDS
        return sum(self.seen_at(place) > max(since, 0.0) for place in range(self.places))
