"""Logout notices: written where a session ends, and worked off by whoever claims each first."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.domain.audit import AuditEvent
from ostiary.domain.logout_notice import DUE_AT_ONCE, LogoutNotice
from ostiary.storage import columns
from ostiary.storage.audit import event_step
from ostiary.storage.database import Database, Row, Step, Value

# One for each client, however many authorizations of it began in the session.
ADD = """
INSERT INTO logout_notices (issuer_id, session_id, client_id, user_id, created_at, attempts,
                            next_attempt_at)
SELECT issuer_id, session_id, client_id, user_id, :created_at, 0, :next_attempt_at
FROM authorizations
WHERE issuer_id = :issuer_id AND session_id = :session_id AND notify_logout = 1
ON CONFLICT (issuer_id, session_id, client_id) DO NOTHING
RETURNING client_id
"""
FIND_CLIENTS = """
SELECT client_id FROM authorizations
WHERE issuer_id = :issuer_id AND session_id = :session_id AND notify_logout = 1
"""
# A page of what is due, behind the last notice of the page before.
FIND_DUE = """
/* all issuers */
SELECT * FROM logout_notices
WHERE next_attempt_at <= :now
    AND (next_attempt_at, issuer_id, session_id, client_id)
        > (:after_attempt_at, :after_issuer, :after_session, :after_client)
ORDER BY next_attempt_at, issuer_id, session_id, client_id LIMIT :limit
"""
# What clients are to be told when all of a person's sessions are over.
ADD_OF_USER = """
INSERT INTO logout_notices (issuer_id, session_id, client_id, user_id, created_at, attempts,
                            next_attempt_at)
SELECT issuer_id, session_id, client_id, user_id, :created_at, 0, :next_attempt_at
FROM authorizations
WHERE issuer_id = :issuer_id AND notify_logout = 1 AND session_id IN (
    SELECT session_id FROM sessions
    WHERE issuer_id = :issuer_id AND user_id = :user_id AND ended_at = :created_at)
ON CONFLICT (issuer_id, session_id, client_id) DO NOTHING
RETURNING client_id
"""
CLAIM = """
UPDATE logout_notices SET attempts = attempts + 1, next_attempt_at = :next_attempt_at
WHERE issuer_id = :issuer_id AND session_id = :session_id AND client_id = :client_id
    AND attempts = :attempts AND next_attempt_at <= :now
RETURNING client_id
"""
NOTE_DELIVERED = """
UPDATE logout_notices SET delivered_at = :now, next_attempt_at = NULL, last_error = NULL
WHERE issuer_id = :issuer_id AND session_id = :session_id AND client_id = :client_id
    AND delivered_at IS NULL
RETURNING client_id
"""
NOTE_FAILED = """
UPDATE logout_notices SET last_error = :error
WHERE issuer_id = :issuer_id AND session_id = :session_id AND client_id = :client_id
    AND next_attempt_at IS NOT NULL
RETURNING client_id
"""
GIVE_UP = """
UPDATE logout_notices SET last_error = :error, next_attempt_at = NULL
WHERE issuer_id = :issuer_id AND session_id = :session_id AND client_id = :client_id
    AND next_attempt_at IS NOT NULL
RETURNING client_id
"""
LIST = """
SELECT * FROM logout_notices WHERE issuer_id = :issuer_id
ORDER BY session_id DESC, client_id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutNotices:
    database: Database

    async def find_clients(self, issuer_id: str, session_id: bytes) -> Sequence[str]:
        """Who will be told when this session ends."""
        rows = await self.database.read_all(FIND_CLIENTS, _session(issuer_id, session_id))
        return sorted({columns.text(row, "client_id") for row in rows})

    async def find_due(
        self, now: int, limit: int, after: tuple[str, LogoutNotice] | None = None
    ) -> Sequence[tuple[str, LogoutNotice]]:
        """Of all issuers, each with its issuer's id; those that have never been tried come first.

        `after` is the last one of the page before.
        """
        rows = await self.database.read_all(FIND_DUE, {"now": now, "limit": limit, **_place(after)})
        return [(columns.text(row, "issuer_id"), _notice(row)) for row in rows]

    async def claim(self, issuer_id: str, notice: LogoutNotice, now: int) -> bool:
        """Begin an attempt: true for exactly one of those who found the notice due."""
        row = await self.database.change(
            Step(
                CLAIM,
                {
                    **_key(issuer_id, notice),
                    "attempts": notice.attempts,
                    "next_attempt_at": notice.next_attempt(now),
                    "now": now,
                },
            )
        )
        return row is not None

    async def note_delivered(self, issuer_id: str, notice: LogoutNotice, now: int) -> bool:
        row = await self.database.change(
            Step(NOTE_DELIVERED, {**_key(issuer_id, notice), "now": now})
        )
        return row is not None

    async def note_failed(self, issuer_id: str, notice: LogoutNotice, error: str) -> bool:
        """It stays due when its claim has said."""
        row = await self.database.change(
            Step(NOTE_FAILED, {**_key(issuer_id, notice), "error": error})
        )
        return row is not None

    async def give_up(
        self, issuer_id: str, notice: LogoutNotice, error: str, event: AuditEvent
    ) -> bool:
        row = await self.database.change(
            Step(GIVE_UP, {**_key(issuer_id, notice), "error": error}),
            event_step(issuer_id, event),
        )
        return row is not None

    async def list(self, issuer_id: str, limit: int) -> Sequence[LogoutNotice]:
        """Those of the latest sessions first."""
        rows = await self.database.read_all(LIST, {"issuer_id": issuer_id, "limit": limit})
        return [_notice(row) for row in rows]


def notice_step(issuer_id: str, session_id: bytes, now: int) -> Step:
    """What is to be told of the session that ends in this change."""
    parameters: dict[str, Value] = {"created_at": now, "next_attempt_at": DUE_AT_ONCE}
    return Step(ADD, {**_session(issuer_id, session_id), **parameters})


def user_notices_step(issuer_id: str, user_id: str, now: int) -> Step:
    """What is to be told of all the sessions of a person, which have ended in this change."""
    parameters: dict[str, Value] = {"created_at": now, "next_attempt_at": DUE_AT_ONCE}
    return Step(ADD_OF_USER, {"issuer_id": issuer_id, "user_id": user_id, **parameters})


def _place(after: tuple[str, LogoutNotice] | None) -> dict[str, Value]:
    """Where the list of what is due goes on; without `after`, before its beginning."""
    issuer_id, notice = after or ("", None)
    return {
        "after_issuer": issuer_id,
        "after_attempt_at": -1 if notice is None else notice.next_attempt_at,
        "after_session": b"" if notice is None else notice.session_id,
        "after_client": "" if notice is None else notice.client_id,
    }


def _session(issuer_id: str, session_id: bytes) -> dict[str, Value]:
    return {"issuer_id": issuer_id, "session_id": session_id}


def _key(issuer_id: str, notice: LogoutNotice) -> dict[str, Value]:
    return {**_session(issuer_id, notice.session_id), "client_id": notice.client_id}


def _notice(row: Row) -> LogoutNotice:
    return LogoutNotice(
        session_id=columns.binary(row, "session_id"),
        client_id=columns.text(row, "client_id"),
        user_id=columns.text(row, "user_id"),
        created_at=columns.integer(row, "created_at"),
        attempts=columns.integer(row, "attempts"),
        next_attempt_at=columns.optional_integer(row, "next_attempt_at"),
        delivered_at=columns.optional_integer(row, "delivered_at"),
        last_error=columns.optional_text(row, "last_error"),
    )
