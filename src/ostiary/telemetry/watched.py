"""What stands in the database and is looked at when somebody asks, every few seconds at most."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from ostiary.domain.clock import Clock
from ostiary.domain.signing_keys import KeyState, SigningKey, states
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.store import Store
from ostiary.telemetry import metrics
from ostiary.telemetry.instruments import Instruments, Labels

SECONDS_BETWEEN_LOOKS = 10
MOST_COUNTED = 10_000
# Of clients in one look: a hundred thousand have been gone through after some minutes.
PAGES, PAGE = 5, 500
FIRST = ("", "")

_log = structlog.get_logger("ostiary.telemetry")


class Watched:
    """One for the process that is asked."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store: Final = store
        self._clock: Final = clock
        self._looking: Final = asyncio.Lock()
        self._looked_at: int | None = None
        self._figures: dict[str, dict[Labels, float]] = {}
        self._expiry: Final = _ExpiryWalk()

    async def fill(self, total: Instruments) -> None:
        """Without figures while the store is away: old ones would say that all is well."""
        async with self._looking:
            now = self._clock.now()
            if self._looked_at is None or not 0 <= now - self._looked_at < SECONDS_BETWEEN_LOOKS:
                self._figures = await self._look(now)
                self._looked_at = now
        for name, values in self._figures.items():
            total.numbers[name].values.update(values)

    async def _look(self, now: int) -> dict[str, dict[Labels, float]]:
        figures = self._store.figures
        try:
            pending = await figures.pending_notices(MOST_COUNTED)
            keys = await figures.signing_keys(MOST_COUNTED)
            await self._expiry.go_on(self._store, now)
        except StoreUnavailable as error:
            _log.warning("no figures", error=str(error))
            return {}
        age = 0 if pending.oldest is None else max(0, now - pending.oldest)
        soonest = self._expiry.soonest
        return {
            metrics.OUTBOX_PENDING.name: {("logout_notice",): pending.count},
            metrics.OUTBOX_OLDEST.name: {("logout_notice",): age},
            metrics.SIGNING_KEY_AGE.name: _ages(keys, now),
            metrics.SECRET_EXPIRY.name: {} if soonest is None else {(): soonest - now},
        }


def _ages(keys: Sequence[tuple[str, SigningKey]], now: int) -> dict[Labels, float]:
    """Of the oldest key, by algorithm and state, over all issuers."""
    of_issuer: dict[str, list[SigningKey]] = {}
    for issuer_id, key in keys:
        of_issuer.setdefault(issuer_id, []).append(key)
    oldest: dict[Labels, float] = {}
    for of_one in of_issuer.values():
        state = states(of_one, now)
        for key in of_one:
            if (now_in := state[key.kid]) is not KeyState.GONE:
                labels = key.algorithm.value, now_in.value
                oldest[labels] = max(now - key.created_at, oldest.get(labels, 0))
    return oldest


class _ExpiryWalk:
    """Goes through all clients, some at each look, and knows the result of its last round."""

    def __init__(self) -> None:
        self.soonest: int | None = None
        self._found: int | None = None
        self._after = FIRST

    async def go_on(self, store: Store, now: int) -> None:
        for _ in range(PAGES):
            page = await store.figures.secret_expiry(self._after, PAGE)
            to_come = [instant for instant in page.expires_at if instant > now]
            if self._found is not None:
                to_come.append(self._found)
            self._found = min(to_come, default=None)
            if page.last is None:
                self.soonest, self._found, self._after = self._found, None, FIRST
                return
            self._after = page.last
