"""Audit seals: made over events that have none, and read back with the events under them.

A seal stands with all of its events and nothing else, or not at all: of the events that were read
to be sealed, none may have come or gone by the time the seal is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ostiary.domain.audit_seal import AuditRecord, Seal
from ostiary.protocol.canonical_json import canonical_json
from ostiary.storage import columns
from ostiary.storage.database import Database, Row, Step, Value

# By their ids from the index by seal: else the planner walks over all events of the issuer.
UNSEALED = """
SELECT * FROM audit_events WHERE issuer_id = :issuer_id AND event_id IN (
    SELECT event_id FROM audit_events
    WHERE issuer_id = :issuer_id AND seal IS NULL AND event_id < :before
    ORDER BY event_id LIMIT :limit)
ORDER BY event_id
"""
EVENTS = """
SELECT * FROM audit_events WHERE issuer_id = :issuer_id AND event_id IN (
    SELECT event_id FROM audit_events WHERE issuer_id = :issuer_id AND seal = :number)
ORDER BY event_id
"""
NUMBERS = """
SELECT seal FROM audit_events WHERE issuer_id = :issuer_id AND seal >= :first
GROUP BY seal ORDER BY seal
"""
LATEST = """
SELECT * FROM audit_seals WHERE issuer_id = :issuer_id ORDER BY number DESC LIMIT 1
"""
LIST = """
SELECT * FROM audit_seals WHERE issuer_id = :issuer_id AND number >= :first
ORDER BY number LIMIT :limit
"""
# Of two sealers at the same time, one makes the next seal.
ADD = """
INSERT INTO audit_seals (issuer_id, number, at, token, leaves)
VALUES (:issuer_id, :number, :at, :token, :leaves)
ON CONFLICT (issuer_id, number) DO NOTHING
RETURNING number
"""
MARK = """
UPDATE audit_events SET seal = :number
WHERE issuer_id = :issuer_id AND seal IS NULL AND event_id <= :last
RETURNING event_id
"""
# An event may have been committed late, into the middle of the batch: then it is sealed later.
COUNT_MARKED = """
SELECT number FROM audit_seals
WHERE issuer_id = :issuer_id AND number = :number AND :events = (
    SELECT COUNT(*) FROM audit_events WHERE issuer_id = :issuer_id AND seal = :number)
"""
FIRST_SINCE = """
SELECT number FROM audit_seals WHERE issuer_id = :issuer_id AND at >= :since
ORDER BY number LIMIT 1
"""
WAITING = """
SELECT COUNT(*) AS events FROM audit_events
WHERE issuer_id = :issuer_id AND seal IS NULL
"""
KEYS = "SELECT kid, sealed FROM audit_keys WHERE issuer_id = :issuer_id"
ADD_KEY = """
INSERT INTO audit_keys (issuer_id, kid, sealed)
VALUES (:issuer_id, :kid, :sealed)
ON CONFLICT (issuer_id, kid) DO NOTHING
RETURNING kid
"""

# Whatever was dated, no id is behind it.
LAST_ID = b"\xff" * 16

_COLUMNS = (
    *("issuer_id", "event_id", "at", "type", "actor", "client_id", "user_id", "institution_id"),
    *("reason", "details"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """So many events without a seal, the oldest of them of that instant."""

    events: int
    oldest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSeals:
    database: Database

    async def unsealed(self, issuer_id: str, *, before: bytes, limit: int) -> Sequence[AuditRecord]:
        """The oldest events that no seal has yet, with ids before this one."""
        rows = await self.database.read_all(
            UNSEALED, {"issuer_id": issuer_id, "before": before, "limit": limit}
        )
        return [_record(row) for row in rows]

    async def events(self, issuer_id: str, number: int) -> Sequence[AuditRecord]:
        """All events that bear this number, whatever the seal says."""
        rows = await self.database.read_all(EVENTS, {"issuer_id": issuer_id, "number": number})
        return [_record(row) for row in rows]

    async def numbers(self, issuer_id: str, first: int) -> Sequence[int]:
        """The numbers that events bear, from `first` on."""
        rows = await self.database.read_all(NUMBERS, {"issuer_id": issuer_id, "first": first})
        return [columns.integer(row, "seal") for row in rows]

    async def latest(self, issuer_id: str) -> Seal | None:
        row = await self.database.read_one(LATEST, {"issuer_id": issuer_id})
        return None if row is None else _seal(row)

    async def list(self, issuer_id: str, *, first: int, limit: int) -> Sequence[Seal]:
        rows = await self.database.read_all(
            LIST, {"issuer_id": issuer_id, "first": first, "limit": limit}
        )
        return [_seal(row) for row in rows]

    async def first_since(self, issuer_id: str, since: int) -> int | None:
        """The number of the first seal made at or after this instant."""
        row = await self.database.read_one(FIRST_SINCE, {"issuer_id": issuer_id, "since": since})
        return None if row is None else columns.integer(row, "number")

    async def waiting(self, issuer_id: str) -> Waiting | None:
        """What no seal has yet; None when all have."""
        oldest = await self.unsealed(issuer_id, before=LAST_ID, limit=1)
        row = await self.database.read_one(WAITING, {"issuer_id": issuer_id})
        if row is None or not oldest:
            return None
        return Waiting(events=columns.integer(row, "events"), oldest=oldest[0].at)

    async def keys(self, issuer_id: str) -> Mapping[str, bytes]:
        """The public keys that have signed seals, each sealed under the master key, by kid."""
        rows = await self.database.read_all(KEYS, {"issuer_id": issuer_id})
        return {columns.text(row, "kid"): columns.binary(row, "sealed") for row in rows}

    async def add(
        self, issuer_id: str, seal: Seal, *, kid: str, sealed_key: bytes, last: bytes
    ) -> bool:
        """Seal the unsealed events up to `last`; false when they are no longer those of the seal,
        or another one has its number."""
        of_seal: dict[str, Value] = {"issuer_id": issuer_id, "number": seal.number}
        row = await self.database.change(
            Step(ADD, {**of_seal, "at": seal.at, "token": seal.token, "leaves": seal.leaves}),
            Step(MARK, {**of_seal, "last": last}),
            Step(COUNT_MARKED, {**of_seal, "events": seal.events}, required=True),
            Step(ADD_KEY, {"issuer_id": issuer_id, "kid": kid, "sealed": sealed_key}),
        )
        return row is not None


def _record(row: Row) -> AuditRecord:
    """Whatever stands there, so that what was tampered with is compared too."""
    values = {name: row[name] for name in _COLUMNS}
    members = {
        name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()
    }
    return AuditRecord(event_id=columns.binary(row, "event_id"), text=canonical_json(members))


def _seal(row: Row) -> Seal:
    return Seal(
        number=columns.integer(row, "number"),
        at=columns.integer(row, "at"),
        token=columns.text(row, "token"),
        leaves=columns.binary(row, "leaves"),
    )
