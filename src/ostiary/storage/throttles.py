"""Counted guesses: each is counted before it is looked at, so that of fifty at once all count."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.domain.audit import AuditEvent
from ostiary.domain.throttle import KNOWN_FOR, Allowance
from ostiary.storage import columns
from ostiary.storage.audit import event_step
from ostiary.storage.database import Database, Step

# No row when it has to wait; `known` names a row whose late success goes before that.
COUNT = """
INSERT INTO throttles (issuer_id, key, failures, failed_at, free_at)
VALUES (:issuer_id, :key, 1, :now, :now)
ON CONFLICT (issuer_id, key) DO UPDATE SET
    failures = CASE WHEN throttles.failed_at < :forgotten THEN 1 ELSE throttles.failures + 1 END,
    failed_at = :now,
    free_at = CASE
        WHEN throttles.failed_at < :forgotten OR throttles.failures + 1 < :tries THEN :now
        WHEN throttles.free_at <= throttles.failed_at THEN :now + :first
        WHEN 2 * (throttles.free_at - throttles.failed_at) < :longest
            THEN :now + 2 * (throttles.free_at - throttles.failed_at)
        ELSE :now + :longest END
WHERE throttles.free_at <= :now OR EXISTS (
    SELECT 1 FROM throttles AS known
    WHERE known.issuer_id = :issuer_id AND known.key = :known AND known.succeeded_at >= :known_since)
RETURNING failures
"""
# Whoever was counted for nothing: the server was busy, or the guess was right.
TAKE_BACK = """
UPDATE throttles SET failures = failures - 1,
    free_at = CASE WHEN failures <= :tries THEN failed_at ELSE free_at END
WHERE issuer_id = :issuer_id AND key = :key AND failures > 0
RETURNING key
"""
FORGIVE = """
UPDATE throttles SET failures = 0, free_at = failed_at, succeeded_at = :now
WHERE issuer_id = :issuer_id AND key = :key
RETURNING key
"""
FIND_WAIT = """
SELECT max(free_at) AS free_at FROM throttles
WHERE issuer_id = :issuer_id AND key IN (:pair, :address, :account)
"""
# The account, and the account from each address: their keys begin with it.
UNLOCK = """
UPDATE throttles SET failures = 0, free_at = failed_at
WHERE issuer_id = :issuer_id AND key >= :account AND key <= :last AND failures > 0
RETURNING key
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One count of a guess. `known` is the key under which a success lifts this one's delay."""

    key: bytes
    allowance: Allowance
    known: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttles:
    database: Database

    async def count(self, issuer_id: str, guess: Sequence[Counted], now: int) -> int | None:
        """How many there have been in a row by the first count; None, and not counted, when one of
        them says to wait."""
        first, *others = (_count_step(issuer_id, each, now) for each in guess)
        row = await self.database.change(first, *others)
        return None if row is None else columns.integer(row, "failures")

    async def take_back(self, issuer_id: str, guess: Sequence[Counted]) -> None:
        for each in guess:
            await self.database.change(_take_back_step(issuer_id, each))

    async def forgive(
        self, issuer_id: str, right: Sequence[Counted], counted: Sequence[Counted], now: int
    ) -> None:
        """After a success: those of `right` begin anew, `counted` lose what the success has cost."""
        await self.database.change(
            *(
                Step(FORGIVE, {"issuer_id": issuer_id, "key": each.key, "now": now})
                for each in right
            ),
            *(_take_back_step(issuer_id, each) for each in counted),
        )

    async def find_free_at(
        self, issuer_id: str, pair: bytes, address: bytes, account: bytes
    ) -> int:
        """From when on the next guess is looked at."""
        row = await self.database.read_one(
            FIND_WAIT,
            {"issuer_id": issuer_id, "pair": pair, "address": address, "account": account},
        )
        return 0 if row is None else columns.optional_integer(row, "free_at") or 0

    async def unlock(self, issuer_id: str, account: bytes, event: AuditEvent) -> bool:
        """Forget the wrong guesses at this account; false when there were none."""
        last = account + b"\xff" * len(account)
        row = await self.database.change(
            Step(UNLOCK, {"issuer_id": issuer_id, "account": account, "last": last}),
            event_step(issuer_id, event),
        )
        return row is not None


def _count_step(issuer_id: str, counted: Counted, now: int) -> Step:
    allowance = counted.allowance
    return Step(
        COUNT,
        {
            "issuer_id": issuer_id,
            "key": counted.key,
            "now": now,
            "forgotten": now - allowance.forgotten,
            "tries": allowance.tries,
            "first": allowance.first,
            "longest": allowance.longest,
            "known": counted.known,
            "known_since": now - KNOWN_FOR,
        },
        required=True,
    )


def _take_back_step(issuer_id: str, counted: Counted) -> Step:
    tries = counted.allowance.tries
    return Step(TAKE_BACK, {"issuer_id": issuer_id, "key": counted.key, "tries": tries})
