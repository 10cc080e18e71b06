"""Leases: what is to run once, of all the processes on a database, runs where the lease is held.

No instant stands in a row, so the processes' clocks need not agree: `turn` grows with every renewal,
and whoever has seen it stand still for long enough may take the lease over (`housekeeping.tenure`).
"""

from dataclasses import dataclass

from ostiary.storage import columns
from ostiary.storage.database import Database, Step

NOBODY = ""

FIND = "SELECT holder, turn FROM leases WHERE name = :name"
# Taken for the first time or when it was handed over, renewed by its holder, or taken over from a
# holder whose turn is still the one that was seen.
TAKE = """
INSERT INTO leases (name, holder, turn)
VALUES (:name, :holder, 1)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, turn = leases.turn + 1
WHERE leases.holder = :holder OR leases.holder = :nobody OR leases.turn = :seen
RETURNING turn
"""
HAND_OVER = """
UPDATE leases SET holder = :nobody, turn = turn + 1
WHERE name = :name AND holder = :holder
RETURNING turn
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    holder: str
    turn: int

    @property
    def is_free(self) -> bool:
        """Whether it was handed over."""
        return self.holder == NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases:
    database: Database

    async def find(self, name: str) -> Lease | None:
        row = await self.database.read_one(FIND, {"name": name})
        if row is None:
            return None
        return Lease(holder=columns.text(row, "holder"), turn=columns.integer(row, "turn"))

    async def take(self, name: str, holder: str, seen: Lease | None = None) -> bool:
        """Take or renew it; `seen` is the lease of somebody who is given up."""
        turn = -1 if seen is None else seen.turn
        row = await self.database.change(
            Step(TAKE, {"name": name, "holder": holder, "nobody": NOBODY, "seen": turn})
        )
        return row is not None

    async def hand_over(self, name: str, holder: str) -> bool:
        """Let somebody else take it at once."""
        row = await self.database.change(
            Step(HAND_OVER, {"name": name, "holder": holder, "nobody": NOBODY})
        )
        return row is not None
