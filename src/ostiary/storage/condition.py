"""The state of the database as a whole, for probes: one read."""

from dataclasses import dataclass

from ostiary.storage import columns
from ostiary.storage.database import Database, StoreUnavailable

FIND = """/* all issuers */
SELECT
    (SELECT version_num FROM alembic_version) AS schema_version,
    (SELECT COUNT(*) FROM issuers) AS issuers,
    (SELECT COUNT(*) FROM issuers WHERE NOT EXISTS (
        SELECT 1 FROM signing_keys WHERE signing_keys.issuer_id = issuers.issuer_id
    )) AS issuers_without_key,
    (SELECT COALESCE(MAX(created_at), 0) FROM signing_keys) AS newest_key_made_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    schema_version: str
    issuers: int
    issuers_without_key: int
    newest_key_made_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    database: Database

    async def find(self) -> Condition:
        """Raises StoreUnavailable also when the schema is not there."""
        row = await self.database.read_one(FIND, {})
        if row is None:
            raise StoreUnavailable("the database has no schema")
        return Condition(
            schema_version=columns.text(row, "schema_version"),
            issuers=columns.integer(row, "issuers"),
            issuers_without_key=columns.integer(row, "issuers_without_key"),
            newest_key_made_at=columns.integer(row, "newest_key_made_at"),
        )
