"""Pushed authorization requests: kept from the push until one browser has completed each. RFC 9126."""

from dataclasses import dataclass

from ostiary.domain.interaction import AuthorizationRequest, PushedRequest
from ostiary.storage import columns
from ostiary.storage.database import Database, Row, Step, Value
from ostiary.storage.records import Record

ADD = """
INSERT INTO pushed_requests (issuer_id, pushed_id, client_id, request, expires_at)
VALUES (:issuer_id, :pushed_id, :client_id, :request, :expires_at)
RETURNING pushed_id
"""
FIND = "SELECT * FROM pushed_requests WHERE issuer_id = :issuer_id AND pushed_id = :pushed_id"
COMPLETE = """
UPDATE pushed_requests SET completed_at = :now
WHERE issuer_id = :issuer_id AND pushed_id = :pushed_id AND completed_at IS NULL
RETURNING pushed_id
"""

REQUEST = Record(AuthorizationRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedRequests:
    database: Database

    async def add(self, issuer_id: str, pushed: PushedRequest) -> None:
        await self.database.change(
            Step(
                ADD,
                {
                    **_key(issuer_id, pushed.pushed_id),
                    "client_id": pushed.request.client_id,
                    "request": REQUEST.dump(pushed.request),
                    "expires_at": pushed.expires_at,
                },
            )
        )

    async def find(self, issuer_id: str, pushed_id: bytes) -> PushedRequest | None:
        row = await self.database.read_one(FIND, _key(issuer_id, pushed_id))
        return None if row is None else _pushed(row)


def complete_steps(issuer_id: str, pushed_id: bytes | None, now: int) -> tuple[Step, ...]:
    """Counts the one use, without which the whole change is not made; nothing for a plain request."""
    if pushed_id is None:
        return ()
    return (Step(COMPLETE, {**_key(issuer_id, pushed_id), "now": now}, required=True),)


def _key(issuer_id: str, pushed_id: bytes) -> dict[str, Value]:
    return {"issuer_id": issuer_id, "pushed_id": pushed_id}


def _pushed(row: Row) -> PushedRequest:
    return PushedRequest(
        pushed_id=columns.binary(row, "pushed_id"),
        request=REQUEST.load(columns.text(row, "request")),
        expires_at=columns.integer(row, "expires_at"),
        completed_at=columns.optional_integer(row, "completed_at"),
    )
