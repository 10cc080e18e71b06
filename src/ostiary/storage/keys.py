"""Signing keys, handle keys and subject keys, sealed under the master key before they come here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.domain.audit import AuditEvent
from ostiary.domain.handle_keys import HandleKey
from ostiary.domain.signing_keys import SigningKey
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.storage import columns
from ostiary.storage.audit import event_step
from ostiary.storage.database import Database, Row, Step
from ostiary.storage.issuers import version_step

# Later than any clock shows.
FOR_EVER = 1 << 62

LIST = """
SELECT * FROM signing_keys WHERE issuer_id = :issuer_id ORDER BY algorithm, activates_at, kid
"""
# Of several processes that find a key due at the same time, one adds it: the next in its turn.
ADD = """
INSERT INTO signing_keys (issuer_id, kid, algorithm, sequence, public_jwk, sealed, created_at,
                          activates_at)
SELECT :issuer_id, :kid, :algorithm, COALESCE(MAX(sequence) + 1, 0), :public_jwk, :sealed,
       :created_at, :activates_at
FROM signing_keys
WHERE issuer_id = :issuer_id AND algorithm = :algorithm
HAVING COUNT(CASE WHEN activates_at > :unless_after AND activates_at <= :unless_until
             THEN 1 END) = 0
ON CONFLICT (issuer_id, algorithm, sequence) DO NOTHING
RETURNING kid
"""
# The private half goes; with the public one is verified what was signed long ago.
ERASE = """
UPDATE signing_keys SET sealed = :nothing
WHERE issuer_id = :issuer_id AND kid = :kid AND sealed <> :nothing
RETURNING kid
"""
HANDLE_KEYS = "SELECT * FROM handle_keys WHERE issuer_id = :issuer_id ORDER BY number"
ANY_HANDLE_KEY = """
/* all issuers */
SELECT * FROM handle_keys ORDER BY issuer_id, number LIMIT 1
"""
# As with signing keys: the number is the next one, and no other key waits.
ADD_HANDLE_KEY = """
INSERT INTO handle_keys (issuer_id, number, sealed, created_at, activates_at)
SELECT :issuer_id, COALESCE(MAX(number), 0) + 1, :sealed, :created_at, :activates_at
FROM handle_keys
WHERE issuer_id = :issuer_id
HAVING COUNT(CASE WHEN activates_at > :unless_after AND activates_at <= :unless_until
             THEN 1 END) = 0
    AND COALESCE(MAX(number), 0) + 1 = :number
ON CONFLICT (issuer_id, number) DO NOTHING
RETURNING number
"""
SUBJECT_KEY = "SELECT sealed FROM subject_keys WHERE issuer_id = :issuer_id"
# Of several processes that find it missing, the first one's stays, and is told to all.
ADD_SUBJECT_KEY = """
INSERT INTO subject_keys (issuer_id, sealed, created_at)
VALUES (:issuer_id, :sealed, :created_at)
ON CONFLICT (issuer_id) DO UPDATE SET created_at = subject_keys.created_at
RETURNING sealed
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    database: Database

    async def signing_keys(self, issuer_id: str) -> Sequence[SigningKey]:
        rows = await self.database.read_all(LIST, {"issuer_id": issuer_id})
        return [_signing_key(row) for row in rows]

    async def add_signing_key(
        self,
        issuer_id: str,
        key: SigningKey,
        *,
        unless_after: int,
        unless_until: int = FOR_EVER,
        event: AuditEvent,
    ) -> bool:
        """False when a key of this algorithm activates after `unless_after` already, and no later
        than `unless_until`."""
        row = await self.database.change(
            Step(
                ADD,
                {
                    "issuer_id": issuer_id,
                    "kid": key.kid,
                    "algorithm": key.algorithm,
                    "public_jwk": json.dumps(dict(key.public_jwk)),
                    "sealed": key.sealed,
                    "created_at": key.created_at,
                    "activates_at": key.activates_at,
                    "unless_after": unless_after,
                    "unless_until": unless_until,
                },
            ),
            version_step(issuer_id),
            event_step(issuer_id, event),
        )
        return row is not None

    async def erase(self, issuer_id: str, kid: str, event: AuditEvent) -> bool:
        """Destroy the private half of a signing key; false when that was done before."""
        row = await self.database.change(
            Step(ERASE, {"issuer_id": issuer_id, "kid": kid, "nothing": b""}),
            version_step(issuer_id),
            event_step(issuer_id, event),
        )
        return row is not None

    async def handle_keys(self, issuer_id: str) -> Sequence[HandleKey]:
        """By number."""
        rows = await self.database.read_all(HANDLE_KEYS, {"issuer_id": issuer_id})
        return [_handle_key(row) for row in rows]

    async def any_handle_key(self) -> tuple[str, HandleKey] | None:
        """One of any issuer, with the issuer's id: to try a master key on."""
        row = await self.database.read_one(ANY_HANDLE_KEY, {})
        return None if row is None else (columns.text(row, "issuer_id"), _handle_key(row))

    async def add_handle_key(
        self,
        issuer_id: str,
        key: HandleKey,
        *,
        unless_after: int,
        unless_until: int = FOR_EVER,
        event: AuditEvent,
    ) -> bool:
        """False when its number is taken, or a key activates after `unless_after` already, and no
        later than `unless_until`."""
        row = await self.database.change(
            Step(
                ADD_HANDLE_KEY,
                {
                    "issuer_id": issuer_id,
                    "number": key.number,
                    "sealed": key.sealed,
                    "created_at": key.created_at,
                    "activates_at": key.activates_at,
                    "unless_after": unless_after,
                    "unless_until": unless_until,
                },
            ),
            version_step(issuer_id),
            event_step(issuer_id, event),
        )
        return row is not None

    async def subject_key(self, issuer_id: str) -> bytes | None:
        """The sealed key of the issuer's pairwise subjects."""
        row = await self.database.read_one(SUBJECT_KEY, {"issuer_id": issuer_id})
        return None if row is None else columns.binary(row, "sealed")

    async def add_subject_key(self, issuer_id: str, sealed: bytes, now: int) -> bytes:
        """The key that counts: this one, unless there was one before."""
        row = await self.database.change(
            Step(ADD_SUBJECT_KEY, {"issuer_id": issuer_id, "sealed": sealed, "created_at": now})
        )
        return sealed if row is None else columns.binary(row, "sealed")


def _signing_key(row: Row) -> SigningKey:
    return SigningKey(
        kid=columns.text(row, "kid"),
        algorithm=Algorithm(columns.text(row, "algorithm")),
        public_jwk=json.loads(columns.text(row, "public_jwk")),
        sealed=columns.binary(row, "sealed"),
        created_at=columns.integer(row, "created_at"),
        activates_at=columns.integer(row, "activates_at"),
    )


def _handle_key(row: Row) -> HandleKey:
    return HandleKey(
        number=columns.integer(row, "number"),
        sealed=columns.binary(row, "sealed"),
        created_at=columns.integer(row, "created_at"),
        activates_at=columns.integer(row, "activates_at"),
    )
