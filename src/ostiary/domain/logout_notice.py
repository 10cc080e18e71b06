"""Notices of a logout: what a client has to be told once a session of its own is over.

Back-Channel Logout §2.5. A notice is tried again at growing intervals, and given up in the end.
"""

from dataclasses import dataclass
from enum import StrEnum

# Seconds from one attempt to the next; behind the last one it is given up. Each is longer than an
# attempt may take, so that nobody takes a notice up while another is at it.
PAUSES = (10, 30, 120, 600, 3600, 21_600)
DUE_AT_ONCE = 0


class NoticeState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutNotice:
    """`attempts` counts those that have begun. `created_at` is an instant of the issuer's clock, the
    others are of the machine's: a clock that stands still must not hold a notice up."""

    session_id: bytes
    client_id: str
    user_id: str
    created_at: int
    attempts: int = 0
    next_attempt_at: int | None = DUE_AT_ONCE
    delivered_at: int | None = None
    last_error: str | None = None

    @property
    def state(self) -> NoticeState:
        if self.delivered_at is not None:
            return NoticeState.DELIVERED
        return NoticeState.FAILED if self.next_attempt_at is None else NoticeState.WAITING

    @property
    def is_last_attempt(self) -> bool:
        """Whether there is none behind the one that begins now."""
        return self.attempts >= len(PAUSES)

    def next_attempt(self, now: int) -> int:
        """When it is tried again, unless the attempt that begins now is heard of before."""
        return now + PAUSES[min(self.attempts, len(PAUSES) - 1)]
