"""What the server grants our role, and how it keeps what we write."""

from dataclasses import dataclass

from ostiary.storage import columns
from ostiary.storage.database import Database

FIND = """
SELECT CAST(rolsuper OR rolbypassrls AS INTEGER) AS above_policies,
    current_setting('synchronous_commit') AS synchronous_commit
FROM pg_roles WHERE rolname = current_user
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """`above_policies`: no row-level security binds our role. `may_forget`: what was committed may be
    lost when the server fails."""

    above_policies: bool
    may_forget: bool


async def find_server(database: Database) -> Server | None:
    row = await database.read_one(FIND, {})
    if row is None:
        return None
    return Server(
        above_policies=columns.integer(row, "above_policies") != 0,
        may_forget=columns.text(row, "synchronous_commit") == "off",
    )
