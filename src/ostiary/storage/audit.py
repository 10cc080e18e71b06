"""Audit events: each is a step of the change that it records."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.storage import columns
from ostiary.storage.database import Database, Row, Step
from ostiary.storage.ids import new_id

ADD = """
INSERT INTO audit_events (issuer_id, event_id, at, type, actor, client_id, user_id, institution_id,
                          reason, details)
VALUES (:issuer_id, :event_id, :at, :type, :actor, :client_id, :user_id, :institution_id,
        :reason, :details)
RETURNING event_id
"""

LIST = """
SELECT * FROM audit_events WHERE issuer_id = :issuer_id ORDER BY event_id DESC LIMIT :limit
"""


def event_step(issuer_id: str, event: AuditEvent) -> Step:
    """The insertion of the event, to be run behind the change itself."""
    return Step(
        ADD,
        {
            "issuer_id": issuer_id,
            "event_id": new_id(event.at),
            "at": event.at,
            "type": event.type,
            "actor": event.actor,
            "client_id": event.client_id,
            "user_id": event.user_id,
            "institution_id": event.institution_id,
            "reason": event.reason,
            "details": columns.claims_value(event.details),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvents:
    database: Database

    async def add(self, issuer_id: str, event: AuditEvent) -> None:
        """For what changes nothing else, such as a sign-in refused."""
        await self.database.change(event_step(issuer_id, event))

    async def latest(self, issuer_id: str, limit: int = 100) -> Sequence[AuditEvent]:
        """The newest events first."""
        rows = await self.database.read_all(LIST, {"issuer_id": issuer_id, "limit": limit})
        return [_event(row) for row in rows]


def _event(row: Row) -> AuditEvent:
    return AuditEvent(
        type=EventType(columns.text(row, "type")),
        at=columns.integer(row, "at"),
        actor=columns.text(row, "actor"),
        client_id=columns.optional_text(row, "client_id"),
        user_id=columns.optional_text(row, "user_id"),
        institution_id=columns.optional_text(row, "institution_id"),
        reason=columns.optional_text(row, "reason"),
        details=columns.claims(row, "details") or {},
    )
