"""Identifiers of rows: 16 bytes that grow with time, so that new rows lie together."""

import os
from itertools import count

_COUNTER_SIZE = 1 << 24

# Orders the rows of one second. It starts anywhere, so that processes do not write in lockstep.
_counter = count(int.from_bytes(os.urandom(2)))


def instant_of(row_id: bytes) -> int:
    """When the id was made."""
    return int.from_bytes(row_id[:5])


def new_id(now: int) -> bytes:
    """Seconds (5 bytes), a counter (3) and randomness (8). An id is a name, never a secret."""
    return now.to_bytes(5) + (next(_counter) % _COUNTER_SIZE).to_bytes(3) + os.urandom(8)
