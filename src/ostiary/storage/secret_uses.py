"""When each client secret was last used, roughly: for people who want to retire one."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.storage import columns
from ostiary.storage.database import Database, Step

# Several processes write it, none of them backwards.
SAVE = """
INSERT INTO secret_uses (issuer_id, client_id, secret_id, used_at)
VALUES (:issuer_id, :client_id, :secret_id, :used_at)
ON CONFLICT (issuer_id, client_id, secret_id) DO UPDATE SET used_at = excluded.used_at
WHERE secret_uses.used_at < excluded.used_at
RETURNING secret_id
"""
LIST = """
SELECT secret_id, used_at FROM secret_uses
WHERE issuer_id = :issuer_id AND client_id = :client_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretUses:
    database: Database

    async def save(self, issuer_id: str, client_id: str, secret_id: str, used_at: int) -> None:
        await self.database.change(
            Step(
                SAVE,
                {
                    "issuer_id": issuer_id,
                    "client_id": client_id,
                    "secret_id": secret_id,
                    "used_at": used_at,
                },
            )
        )

    async def list(self, issuer_id: str, client_id: str) -> Mapping[str, int]:
        """The instants by secret_id; a secret that was never used has none."""
        rows = await self.database.read_all(LIST, {"issuer_id": issuer_id, "client_id": client_id})
        return {columns.text(row, "secret_id"): columns.integer(row, "used_at") for row in rows}
