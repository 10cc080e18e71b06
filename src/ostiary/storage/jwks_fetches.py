"""How the last fetch of each client's jwks_uri went: for people who wonder why it is refused."""

from dataclasses import dataclass

from ostiary.storage import columns
from ostiary.storage.database import Database, Step

SAVE = """
INSERT INTO jwks_fetches (issuer_id, client_id, at, error)
VALUES (:issuer_id, :client_id, :at, :error)
ON CONFLICT (issuer_id, client_id) DO UPDATE SET at = excluded.at, error = excluded.error
RETURNING client_id
"""
FIND = """
SELECT at, error FROM jwks_fetches WHERE issuer_id = :issuer_id AND client_id = :client_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JwksFetch:
    """`error` is None when it gave keys."""

    at: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JwksFetches:
    database: Database

    async def save(self, issuer_id: str, client_id: str, fetch: JwksFetch) -> None:
        await self.database.change(
            Step(
                SAVE,
                {
                    "issuer_id": issuer_id,
                    "client_id": client_id,
                    "at": fetch.at,
                    "error": fetch.error,
                },
            )
        )

    async def find(self, issuer_id: str, client_id: str) -> JwksFetch | None:
        row = await self.database.read_one(FIND, {"issuer_id": issuer_id, "client_id": client_id})
        if row is None:
            return None
        return JwksFetch(at=columns.integer(row, "at"), error=columns.optional_text(row, "error"))
