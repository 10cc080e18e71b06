"""All connections of a server: how many there are, and how long each may keep it waiting. RFC 9110 §15.5.9.

One look a second at all of them: a timer for each would cost more than the rest of reading a request.
"""

import asyncio
import resource
from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol

SECONDS_BETWEEN_LOOKS: Final = 1.0
# When there is no room, one in so many makes some: to look for them one by one would cost more.
SHARE_SHOWN_OUT: Final = 16
# What a process opens besides: the database, its sockets, what it asks of others.
FILES_BESIDES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Seconds for a whole head, for the body behind it, and to take the answer away."""

    connections: int = 2000
    head_seconds: float = 10
    body_seconds: float = 20
    answer_seconds: float = 30


class Awaited(Enum):
    """What a connection has to bring next."""

    HEAD = auto()
    BODY = auto()
    NOTHING = auto()  # the turn is ours


class Connection(Protocol):
    """`since` when it has been awaited; `unread_since` it has not taken what was written. `address`
    is the one under which it is counted with others; None for nobody in particular."""

    address: str | None
    awaited: Awaited
    since: float
    unread_since: float | None

    def show_out(self) -> None:
        """End it, with a word if one can still be heard."""

    def cut_off(self) -> None:
        """End it at once, whatever is still on its way."""


class Crowd:
    """Belongs to one event loop. `now` is the time of the last look."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits: Final = limits
        self._present: Final[set[Connection]] = set()
        self.now = 0.0

    def enter(self, connection: Connection) -> bool:
        """False when it has to go at once: all who are here are being answered."""
        if len(self._present) >= self._limits.connections:
            self._make_room()
        if len(self._present) >= self._limits.connections:
            return False
        self._present.add(connection)
        return True

    def leave(self, connection: Connection) -> None:
        self._present.discard(connection)

    async def watch(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self.look(loop.time())
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    def look(self, now: float) -> None:
        """Show out who has kept us waiting too long."""
        self.now = now
        for each in list(self._present):
            if each.unread_since is not None:
                if now - each.unread_since > self._limits.answer_seconds:
                    each.cut_off()
            elif self._is_late(each):
                each.show_out()

    def _is_late(self, connection: Connection) -> bool:
        waited = self.now - connection.since
        match connection.awaited:
            case Awaited.HEAD:
                return waited > self._limits.head_seconds
            case Awaited.BODY:
                return waited > self._limits.head_seconds + self._limits.body_seconds
            case Awaited.NOTHING:
                return False

    def _make_room(self) -> None:
        """Of the address that holds the most, those go who have asked nothing for the longest time,
        as they can come back and ask; then those who are slowest with a body."""
        held = Counter(each.address for each in self._present)

        def rank(each: Connection) -> tuple[int, bool, float]:
            return -held[each.address], each.awaited is Awaited.BODY, each.since

        awaited = [each for each in self._present if each.awaited is not Awaited.NOTHING]
        awaited.sort(key=rank)
        for each in awaited[: max(1, len(awaited) // SHARE_SHOWN_OUT)]:
            self._present.discard(each)
            each.cut_off()


def make_room(connections: int) -> int:
    """As many of these connections as the system lets the process have files for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + FILES_BESIDES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(1, soft - FILES_BESIDES)
    return connections
