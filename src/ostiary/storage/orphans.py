"""Rows that speak of somebody who is not there: no verb leaves any, so they are damage."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.storage import columns
from ostiary.storage.database import Database

MEMBERSHIPS = """
SELECT COUNT(*) AS found FROM memberships WHERE issuer_id = :issuer_id AND NOT EXISTS (
    SELECT user_id FROM users
    WHERE users.issuer_id = :issuer_id AND users.user_id = memberships.user_id)
"""
CONSENTS = """
SELECT COUNT(*) AS found FROM consents WHERE issuer_id = :issuer_id AND NOT EXISTS (
    SELECT user_id FROM users
    WHERE users.issuer_id = :issuer_id AND users.user_id = consents.user_id)
"""
SESSIONS = """
SELECT COUNT(*) AS found FROM sessions WHERE issuer_id = :issuer_id AND NOT EXISTS (
    SELECT user_id FROM users
    WHERE users.issuer_id = :issuer_id AND users.user_id = sessions.user_id)
"""
AUTHORIZATIONS = """
SELECT COUNT(*) AS found FROM authorizations WHERE issuer_id = :issuer_id AND NOT EXISTS (
    SELECT user_id FROM users
    WHERE users.issuer_id = :issuer_id AND users.user_id = authorizations.user_id)
"""
OF_NO_USER = {
    "memberships": MEMBERSHIPS,
    "consents": CONSENTS,
    "sessions": SESSIONS,
    "authorizations": AUTHORIZATIONS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    database: Database

    async def count(self, issuer_id: str) -> Mapping[str, int]:
        """So many rows of each table are of a user who is not there. Reads all of them."""
        found = {}
        for table, statement in OF_NO_USER.items():
            row = await self.database.read_one(statement, {"issuer_id": issuer_id})
            found[table] = 0 if row is None else columns.integer(row, "found")
        return found
