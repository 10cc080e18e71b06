"""Figures for whoever watches over the whole database: bounded reads, off the path of requests."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.domain.signing_keys import SigningKey
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.storage import columns
from ostiary.storage.database import Database, Value
from ostiary.storage.issuers import CLIENT

PENDING_NOTICES = """
/* all issuers */
SELECT count(*) AS pending, min(created_at) AS oldest FROM (
    SELECT created_at FROM logout_notices WHERE next_attempt_at IS NOT NULL
    ORDER BY next_attempt_at LIMIT :limit
) AS due
"""
SIGNING_KEYS = """
/* all issuers */
SELECT issuer_id, kid, algorithm, sealed, created_at, activates_at FROM signing_keys
ORDER BY issuer_id, kid LIMIT :limit
"""
# Most clients have no secret that expires, and their data stays in the database. (An instant begins
# with 1 until 2033, and then with 2.)
CLIENTS_AFTER = """
/* all issuers */
SELECT issuer_id, client_id,
    CASE WHEN data LIKE '%"expires_at":1%' OR data LIKE '%"expires_at":2%' THEN data END AS data
FROM clients WHERE (issuer_id, client_id) > (:issuer_id, :client_id)
ORDER BY issuer_id, client_id LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    count: int
    # When the oldest was written; None when there is none.
    oldest: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryPage:
    """Of some clients, the instants at which their secrets expire; where to go on, unless that was
    the last of them."""

    expires_at: Sequence[int]
    last: tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    database: Database

    async def pending_notices(self, limit: int) -> Pending:
        """Counted up to the limit."""
        row = await self.database.read_one(PENDING_NOTICES, {"limit": limit})
        if row is None:
            return Pending(count=0, oldest=None)
        oldest = columns.optional_integer(row, "oldest")
        return Pending(count=columns.integer(row, "pending"), oldest=oldest)

    async def signing_keys(self, limit: int) -> Sequence[tuple[str, SigningKey]]:
        """Of all issuers, each with its issuer's id, and without its public half."""
        rows = await self.database.read_all(SIGNING_KEYS, {"limit": limit})
        return [
            (
                columns.text(row, "issuer_id"),
                SigningKey(
                    kid=columns.text(row, "kid"),
                    algorithm=Algorithm(columns.text(row, "algorithm")),
                    public_jwk={},
                    sealed=columns.binary(row, "sealed"),
                    created_at=columns.integer(row, "created_at"),
                    activates_at=columns.integer(row, "activates_at"),
                ),
            )
            for row in rows
        ]

    async def secret_expiry(self, after: tuple[str, str], limit: int) -> ExpiryPage:
        """Of the clients behind `after`, an issuer's and a client's id."""
        parameters: dict[str, Value] = dict(zip(("issuer_id", "client_id"), after, strict=True))
        rows = await self.database.read_all(CLIENTS_AFTER, {**parameters, "limit": limit})
        clients = [
            CLIENT.load(data) for row in rows if (data := columns.optional_text(row, "data"))
        ]
        expires_at = [
            secret.expires_at
            for client in clients
            for secret in client.secrets
            if secret.expires_at is not None
        ]
        last = None
        if len(rows) == limit:
            last = columns.text(rows[-1], "issuer_id"), columns.text(rows[-1], "client_id")
        return ExpiryPage(expires_at=expires_at, last=last)
