"""How much each process has been asked in a minute, for the others to know: one row a process.

Each writes its own row whole, so that a lost answer or a second attempt counts nothing twice. No
issuer is in the key: a process counts for all of its issuers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ostiary.storage import columns
from ostiary.storage.database import Database, Step, Value

SAVE = """
INSERT INTO request_counts (minute, process, counts) VALUES (:minute, :process, :counts)
ON CONFLICT (minute, process) DO UPDATE SET counts = excluded.counts
RETURNING process
"""
REMOVE_OLDER = "DELETE FROM request_counts WHERE minute < :minute RETURNING process"
LIST_OTHERS = """
SELECT counts FROM request_counts WHERE minute = :minute AND process <> :process
"""

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCounts:
    database: Database

    async def save(self, minute: int, process: str, counts: Counts) -> None:
        """What this process has counted in this minute; earlier minutes are forgotten."""
        values: dict[str, Value] = {
            "minute": minute,
            "process": process,
            "counts": json.dumps(counts),
        }
        await self.database.change(Step(SAVE, values), Step(REMOVE_OLDER, {"minute": minute}))

    async def list_others(self, minute: int, process: str) -> Sequence[Counts]:
        """What the other processes have."""
        rows = await self.database.read_all(LIST_OTHERS, {"minute": minute, "process": process})
        return [columns.counts(row, "counts") for row in rows]
