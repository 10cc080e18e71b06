"""Uploaded pictures of people."""

from dataclasses import dataclass

from ostiary.domain.audit import AuditEvent
from ostiary.domain.picture import Picture
from ostiary.storage import columns
from ostiary.storage.audit import event_step
from ostiary.storage.database import Database, Step, Value

FIND = """
SELECT media_type, data FROM pictures WHERE issuer_id = :issuer_id AND user_id = :user_id
"""
SAVE = """
INSERT INTO pictures (issuer_id, user_id, media_type, data, changed_at)
VALUES (:issuer_id, :user_id, :media_type, :data, :changed_at)
ON CONFLICT (issuer_id, user_id) DO UPDATE
SET media_type = excluded.media_type, data = excluded.data, changed_at = excluded.changed_at
RETURNING user_id
"""
REMOVE = """
DELETE FROM pictures WHERE issuer_id = :issuer_id AND user_id = :user_id RETURNING user_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    database: Database

    async def find(self, issuer_id: str, user_id: str) -> Picture | None:
        row = await self.database.read_one(FIND, {"issuer_id": issuer_id, "user_id": user_id})
        if row is None:
            return None
        return Picture(media_type=columns.text(row, "media_type"), data=columns.binary(row, "data"))

    async def save(self, issuer_id: str, user_id: str, picture: Picture, event: AuditEvent) -> None:
        parameters: dict[str, Value] = {
            "issuer_id": issuer_id,
            "user_id": user_id,
            "media_type": picture.media_type,
            "data": picture.data,
            "changed_at": event.at,
        }
        await self.database.change(Step(SAVE, parameters), event_step(issuer_id, event))

    async def remove(self, issuer_id: str, user_id: str, event: AuditEvent) -> bool:
        """False when there is none."""
        row = await self.database.change(
            Step(REMOVE, {"issuer_id": issuer_id, "user_id": user_id}),
            event_step(issuer_id, event),
        )
        return row is not None
