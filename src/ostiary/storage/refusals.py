"""Records of refusals, found by the reference that the refused party was shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.storage import columns
from ostiary.storage.database import Database, Step

ADD = """
INSERT INTO refusals (issuer_id, reference, at, code, endpoint, client_id, expected, received)
VALUES (:issuer_id, :reference, :at, :code, :endpoint, :client_id, :expected, :received)
ON CONFLICT (issuer_id, reference) DO NOTHING
RETURNING reference
"""
FIND = "SELECT * FROM refusals WHERE issuer_id = :issuer_id AND reference = :reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRecord:
    reference: str
    at: int
    code: str
    endpoint: str
    client_id: str | None
    expected: str | None
    received: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    database: Database

    async def add(self, issuer_id: str, record: RefusalRecord) -> None:
        await self.database.change(
            Step(
                ADD,
                {
                    "issuer_id": issuer_id,
                    "reference": record.reference,
                    "at": record.at,
                    "code": record.code,
                    "endpoint": record.endpoint,
                    "client_id": record.client_id,
                    "expected": record.expected,
                    "received": record.received,
                },
            )
        )

    async def find(self, issuer_ids: Sequence[str], reference: str) -> RefusalRecord | None:
        """The record of this reference at any of the issuers."""
        for issuer_id in issuer_ids:
            row = await self.database.read_one(
                FIND, {"issuer_id": issuer_id, "reference": reference}
            )
            if row is not None:
                return RefusalRecord(
                    reference=columns.text(row, "reference"),
                    at=columns.integer(row, "at"),
                    code=columns.text(row, "code"),
                    endpoint=columns.text(row, "endpoint"),
                    client_id=columns.optional_text(row, "client_id"),
                    expected=columns.optional_text(row, "expected"),
                    received=columns.optional_text(row, "received"),
                )
        return None
