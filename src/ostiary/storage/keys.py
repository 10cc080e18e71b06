"""Signing keys, handle keys and subject keys, sealed under the master key before they come here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ostiary.domain.audit import AuditEvent
from ostiary.domain.signing_keys import SigningKey
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.storage import columns
from ostiary.storage.audit import event_step
from ostiary.storage.issuers import version_step
from ostiary.storage.sqlite import Row, SqliteDatabase, Step

LIST = """
SELECT * FROM signing_keys WHERE issuer_id = :issuer_id ORDER BY algorithm, activates_at, kid
"""
# Of several processes that find a key due at the same time, one adds it.
ADD = """
INSERT INTO signing_keys (issuer_id, kid, algorithm, public_jwk, sealed, created_at, activates_at)
SELECT :issuer_id, :kid, :algorithm, :public_jwk, :sealed, :created_at, :activates_at
WHERE NOT EXISTS (
    SELECT 1 FROM signing_keys
    WHERE issuer_id = :issuer_id AND algorithm = :algorithm AND activates_at > :unless_after)
RETURNING kid
"""
HANDLE_KEYS = "SELECT number, sealed FROM handle_keys WHERE issuer_id = :issuer_id"
ADD_HANDLE_KEY = """
INSERT INTO handle_keys (issuer_id, number, sealed, created_at)
VALUES (:issuer_id, :number, :sealed, :created_at)
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
    database: SqliteDatabase

    async def signing_keys(self, issuer_id: str) -> Sequence[SigningKey]:
        rows = await self.database.read_all(LIST, {"issuer_id": issuer_id})
        return [_signing_key(row) for row in rows]

    async def add_signing_key(
        self, issuer_id: str, key: SigningKey, *, unless_after: int, event: AuditEvent
    ) -> bool:
        """False when a key of this algorithm activates after `unless_after` already."""
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
                },
            ),
            version_step(issuer_id),
            event_step(issuer_id, event),
        )
        return row is not None

    async def handle_keys(self, issuer_id: str) -> Mapping[int, bytes]:
        """The sealed keys by number."""
        rows = await self.database.read_all(HANDLE_KEYS, {"issuer_id": issuer_id})
        return {columns.integer(row, "number"): columns.binary(row, "sealed") for row in rows}

    async def add_handle_key(self, issuer_id: str, number: int, sealed: bytes, now: int) -> None:
        """Does nothing when the number is taken."""
        await self.database.change(
            Step(
                ADD_HANDLE_KEY,
                {"issuer_id": issuer_id, "number": number, "sealed": sealed, "created_at": now},
            )
        )

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
