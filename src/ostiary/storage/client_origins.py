"""Origins of clients: rows beside each client, written in its change, so that one can be looked up."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.domain.client import Client
from ostiary.storage.database import Database, Step

REMOVE = """
DELETE FROM client_origins
WHERE issuer_id = :issuer_id AND client_id = :client_id
RETURNING origin
"""
ADD = """
INSERT INTO client_origins (issuer_id, origin, client_id)
VALUES (:issuer_id, :origin, :client_id)
RETURNING origin
"""
FIND = """
SELECT client_id FROM client_origins
WHERE issuer_id = :issuer_id AND origin = :origin
LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOrigins:
    database: Database

    async def contains(self, issuer_id: str, origin: str) -> bool:
        """Whether any client of the issuer has pages there."""
        row = await self.database.read_one(FIND, {"issuer_id": issuer_id, "origin": origin})
        return row is not None


def origin_steps(issuer_id: str, client: Client) -> Sequence[Step]:
    """The client's rows as they have to be from now on."""
    key = {"issuer_id": issuer_id, "client_id": client.client_id}
    return [
        Step(REMOVE, key),
        *(Step(ADD, {**key, "origin": origin}) for origin in sorted(client.origins)),
    ]
