"""The clock of the machine on which the database is."""

from ostiary.storage import columns
from ostiary.storage.database import Database

# A file has the clock of whoever asks.
CLOCK = """
SELECT /* postgresql: CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT) + 0 * */
    CAST(:now AS BIGINT) AS clock
"""


async def database_clock(database: Database, now: int) -> int:
    row = await database.read_one(CLOCK, {"now": now})
    return now if row is None else columns.integer(row, "clock")
