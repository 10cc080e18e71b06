"""Spent ids: whoever inserts one is the first to use it."""

from dataclasses import dataclass

from ostiary.domain.audit import AuditEvent
from ostiary.storage.audit import event_step
from ostiary.storage.database import Database, Step

# One that has expired and was not swept yet may be spent again.
ADD = """
INSERT INTO spent_ids (issuer_id, spent_id, expires_at)
VALUES (:issuer_id, :spent_id, :expires_at)
ON CONFLICT (issuer_id, spent_id) DO UPDATE SET expires_at = excluded.expires_at
WHERE spent_ids.expires_at < :now
RETURNING spent_id
"""
FIND = """
SELECT spent_id FROM spent_ids
WHERE issuer_id = :issuer_id AND spent_id = :spent_id AND expires_at >= :now
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentIds:
    database: Database

    async def add(self, issuer_id: str, spent_id: bytes, *, expires_at: int, now: int) -> bool:
        """Spend it: true for exactly one caller until it has expired."""
        row = await self.database.change(_add_step(issuer_id, spent_id, expires_at, now))
        return row is not None

    async def revoke(
        self, issuer_id: str, spent_id: bytes, *, expires_at: int, event: AuditEvent
    ) -> bool:
        """Spend a token that is not used up; false when that was done before."""
        row = await self.database.change(
            _add_step(issuer_id, spent_id, expires_at, event.at), event_step(issuer_id, event)
        )
        return row is not None

    async def contains(self, issuer_id: str, spent_id: bytes, now: int) -> bool:
        row = await self.database.read_one(
            FIND, {"issuer_id": issuer_id, "spent_id": spent_id, "now": now}
        )
        return row is not None


def _add_step(issuer_id: str, spent_id: bytes, expires_at: int, now: int) -> Step:
    return Step(
        ADD,
        {"issuer_id": issuer_id, "spent_id": spent_id, "expires_at": expires_at, "now": now},
    )
