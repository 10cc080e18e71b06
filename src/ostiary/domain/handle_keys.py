"""The life of a handle key: known to every process first, sealing then, opening for ever.

What was sealed under it may live for years (a refresh token), so no key is ever dropped: expiry is
the affair of what the handle leads to.
"""

from collections.abc import Collection
from dataclasses import dataclass

from ostiary.domain.issuer import DAY, HOUR
from ostiary.domain.signing_keys import LONGEST_LEAD

ROTATION_PERIOD = 90 * DAY
# Other processes look for changes once a second, and clocks may be half a minute apart.
LEAD = HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleKey:
    """`sealed` is the key, encrypted under the master key."""

    number: int
    sealed: bytes
    created_at: int
    activates_at: int


def sealing_number(keys: Collection[HandleKey], now: int) -> int:
    """The key that seals: the newest that is active; the oldest where a clock was turned back."""
    active = [key.number for key in keys if key.activates_at <= now]
    return max(active) if active else min(key.number for key in keys)


def next_activation(keys: Collection[HandleKey], now: int) -> int | None:
    """The next instant at which another key seals."""
    return min((key.activates_at for key in keys if key.activates_at > now), default=None)


def is_due(keys: Collection[HandleKey], now: int) -> bool:
    """Whether the newest key will have served its time by the end of a lead."""
    believed = (key.activates_at for key in keys if key.activates_at <= now + LONGEST_LEAD)
    newest = max(believed, default=-ROTATION_PERIOD)
    return newest + ROTATION_PERIOD - LEAD <= now
