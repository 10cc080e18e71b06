"""A job: one thing that has to be done again and again, and what it works with."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ostiary.domain.clock import Clock
from ostiary.domain.issuer import Issuer
from ostiary.domain.observer import Observer
from ostiary.housekeeping.clockwatch import Clockwatch
from ostiary.provider.logout_delivery import LogoutDelivery
from ostiary.signing.master_key import MasterKey
from ostiary.storage.database import Value
from ostiary.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """What jobs work with. Rows of an issuer live by its own clock, `clock_of(None)` is the process's."""

    store: Store
    master_key: MasterKey
    logout_delivery: LogoutDelivery
    observer: Observer
    clock_of: Callable[[Issuer | None], Clock]
    clockwatch: Clockwatch
    # How far the sweeper has walked, by issuer and table: the next run goes on there.
    swept: dict[tuple[str, str], Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`run` tells how much it did, and must do no harm when it runs twice at the same time: the lease
    saves work, what must hold is the condition of a statement. It begins `seconds` after the last
    run has ended, or when `wakes` is set."""

    name: str
    seconds: float
    run: Callable[[Household], Awaitable[int]]
    wakes: Callable[[Household], asyncio.Event] | None = None
