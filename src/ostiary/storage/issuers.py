"""Issuers, institutions and clients: what changes seldom and is kept in memory between changes.

`issuers.version` grows with every change to any of them, which is how other processes notice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ostiary.domain.audit import AuditEvent
from ostiary.domain.client import Client
from ostiary.domain.institution import Institution
from ostiary.domain.issuer import Issuer
from ostiary.storage import columns
from ostiary.storage.audit import event_step
from ostiary.storage.client_origins import origin_steps
from ostiary.storage.database import Database, Row, Step, Value
from ostiary.storage.records import Record

FIND = "SELECT data FROM issuers WHERE issuer_id = :issuer_id"
FIND_BY_HOST = "SELECT data FROM issuers WHERE host = :host ORDER BY issuer_id"
LIST = "SELECT data FROM issuers ORDER BY issuer_id"
VERSION = "SELECT version FROM issuers WHERE issuer_id = :issuer_id"
SAVE = """
INSERT INTO issuers (issuer_id, url, host, data, version)
VALUES (:issuer_id, :url, :host, :data, 1)
ON CONFLICT (issuer_id) DO UPDATE
SET url = excluded.url, host = excluded.host, data = excluded.data, version = issuers.version + 1
RETURNING issuer_id
"""
EPOCH = "SELECT epoch FROM issuers WHERE issuer_id = :issuer_id"
SET_EPOCH = """
UPDATE issuers SET epoch = :epoch, version = version + 1
WHERE issuer_id = :issuer_id AND epoch <= :epoch
RETURNING issuer_id
"""
GROW_VERSION = """
UPDATE issuers SET version = version + 1 WHERE issuer_id = :issuer_id RETURNING issuer_id
"""

FIND_INSTITUTION = """
SELECT data FROM institutions
WHERE issuer_id = :issuer_id AND institution_id = :institution_id
"""
LIST_INSTITUTIONS = """
SELECT data FROM institutions WHERE issuer_id = :issuer_id ORDER BY institution_id
"""
SAVE_INSTITUTION = """
INSERT INTO institutions (issuer_id, institution_id, data)
VALUES (:issuer_id, :institution_id, :data)
ON CONFLICT (issuer_id, institution_id) DO UPDATE SET data = excluded.data
RETURNING institution_id
"""

FIND_CLIENT = "SELECT * FROM clients WHERE issuer_id = :issuer_id AND client_id = :client_id"
LIST_CLIENTS = "SELECT * FROM clients WHERE issuer_id = :issuer_id ORDER BY client_id"
ADD_CLIENT = """
INSERT INTO clients (issuer_id, client_id, revision, data)
VALUES (:issuer_id, :client_id, 0, :data)
ON CONFLICT (issuer_id, client_id) DO NOTHING
RETURNING client_id
"""
# Nobody's change is lost: it is made to what its author saw, or not at all.
REPLACE_CLIENT = """
UPDATE clients SET data = :data, revision = revision + 1
WHERE issuer_id = :issuer_id AND client_id = :client_id AND revision = :seen
RETURNING client_id
"""

ISSUER = Record(Issuer)
INSTITUTION = Record(Institution)
CLIENT = Record(Client)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuers:
    database: Database

    async def find(self, issuer_id: str) -> Issuer | None:
        row = await self.database.read_one(FIND, {"issuer_id": issuer_id})
        return None if row is None else ISSUER.load(columns.text(row, "data"))

    async def find_by_host(self, host: str) -> Sequence[Issuer]:
        rows = await self.database.read_all(FIND_BY_HOST, {"host": host})
        return [ISSUER.load(columns.text(row, "data")) for row in rows]

    async def list(self) -> Sequence[Issuer]:
        rows = await self.database.read_all(LIST, {})
        return [ISSUER.load(columns.text(row, "data")) for row in rows]

    async def version(self, issuer_id: str) -> int | None:
        """Grows with every change to the issuer, its institutions, its clients and its keys."""
        row = await self.database.read_one(VERSION, {"issuer_id": issuer_id})
        return None if row is None else columns.integer(row, "version")

    async def epoch(self, issuer_id: str) -> int:
        """What began before this instant is over: a backup was restored then. 0 without one."""
        row = await self.database.read_one(EPOCH, {"issuer_id": issuer_id})
        return 0 if row is None else columns.integer(row, "epoch")

    async def set_epoch(self, issuer_id: str, epoch: int, event: AuditEvent) -> bool:
        """It only ever moves ahead."""
        row = await self.database.change(
            Step(SET_EPOCH, {"issuer_id": issuer_id, "epoch": epoch}),
            event_step(issuer_id, event),
        )
        return row is not None

    async def save(self, issuer: Issuer, event: AuditEvent) -> None:
        """Raises Conflict when another issuer has this URL."""
        parameters = {
            "issuer_id": issuer.issuer_id,
            "url": issuer.url,
            "host": issuer.host,
            "data": ISSUER.dump(issuer),
        }
        await self.database.change(Step(SAVE, parameters), event_step(issuer.issuer_id, event))


@dataclass(frozen=True, slots=True, kw_only=True)
class Institutions:
    database: Database

    async def find(self, issuer_id: str, institution_id: str) -> Institution | None:
        row = await self.database.read_one(
            FIND_INSTITUTION, {"issuer_id": issuer_id, "institution_id": institution_id}
        )
        return None if row is None else INSTITUTION.load(columns.text(row, "data"))

    async def list(self, issuer_id: str) -> Sequence[Institution]:
        rows = await self.database.read_all(LIST_INSTITUTIONS, {"issuer_id": issuer_id})
        return [INSTITUTION.load(columns.text(row, "data")) for row in rows]

    async def save(self, issuer_id: str, institution: Institution, event: AuditEvent) -> None:
        parameters = {
            "issuer_id": issuer_id,
            "institution_id": institution.institution_id,
            "data": INSTITUTION.dump(institution),
        }
        await self.database.change(
            Step(SAVE_INSTITUTION, parameters),
            version_step(issuer_id),
            event_step(issuer_id, event),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    database: Database

    async def find(self, issuer_id: str, client_id: str) -> Client | None:
        row = await self.database.read_one(
            FIND_CLIENT, {"issuer_id": issuer_id, "client_id": client_id}
        )
        return None if row is None else _client(row)

    async def list(self, issuer_id: str) -> Sequence[Client]:
        rows = await self.database.read_all(LIST_CLIENTS, {"issuer_id": issuer_id})
        return [_client(row) for row in rows]

    async def add(self, issuer_id: str, client: Client, event: AuditEvent) -> bool:
        """False when the client_id is taken."""
        parameters = {
            "issuer_id": issuer_id,
            "client_id": client.client_id,
            "data": CLIENT.dump(client),
        }
        return await self._changed(Step(ADD_CLIENT, parameters), issuer_id, client, event)

    async def replace(
        self, issuer_id: str, seen: Client, client: Client, event: AuditEvent
    ) -> bool:
        """False when the client is no longer what its author saw."""
        parameters: dict[str, Value] = {
            "issuer_id": issuer_id,
            "client_id": seen.client_id,
            "data": CLIENT.dump(client),
            "seen": seen.revision,
        }
        return await self._changed(Step(REPLACE_CLIENT, parameters), issuer_id, client, event)

    async def _changed(self, step: Step, issuer_id: str, client: Client, event: AuditEvent) -> bool:
        row = await self.database.change(
            step,
            *origin_steps(issuer_id, client),
            version_step(issuer_id),
            event_step(issuer_id, event),
        )
        return row is not None


def _client(row: Row) -> Client:
    stored = CLIENT.load(columns.text(row, "data"))
    return replace(stored, revision=columns.integer(row, "revision"))


def version_step(issuer_id: str) -> Step:
    """Tells the caches of other processes that something of this issuer has changed."""
    return Step(GROW_VERSION, {"issuer_id": issuer_id})
