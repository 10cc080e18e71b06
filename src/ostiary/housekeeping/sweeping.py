"""Rows that nothing asks for any more go, in small batches with pauses between them.

Whether something has expired is a comparison with the clock wherever it is used; this only keeps
the database small. What is kept how long stands beside the statements, in `storage.sweeping`.
"""

import asyncio
import time

import structlog

from ostiary.domain.issuer import Issuer
from ostiary.housekeeping.job import Household, Job
from ostiary.storage.sweeping import SWEEPS, Sweep

# Before all ids.
FIRST = b""
# What one batch looks at: some milliseconds of the database's time, however large the table is.
BATCH = 500
# After a batch the sweeper rests for so many times as long as the batch took: a database that is
# busy, and therefore slow, is left alone the more. But it always gets on, with thousands of rows a
# second.
REST = 4
SHORTEST_REST, LONGEST_REST = 0.002, 0.05
# In one run a table is walked so far, and further in the next: what lives is looked at now and
# then, all that is dead goes at once.
MOST_LIVING = 200_000

_log = structlog.get_logger("ostiary.housekeeping")


async def sweep_all(household: Household) -> int:
    """How many rows are gone."""
    removed = 0
    for issuer in await household.store.issuers.list():
        for sweep in SWEEPS:
            if not household.clockwatch.is_believed():
                _log.warning("not swept: the clock has jumped ahead")
                return removed
            removed += await sweep_table(household, issuer, sweep)
    return removed


async def sweep_table(household: Household, issuer: Issuer, sweep: Sweep) -> int:
    """Walk one table of one issuer, to its end or until enough of the living have been seen."""
    place = (issuer.issuer_id, sweep.table)
    now = household.clock_of(issuer).now()
    after = household.swept.pop(place, FIRST)
    removed = living = 0
    while after is not None and living < MOST_LIVING:
        began = time.monotonic()
        batch = await household.store.sweeping.sweep(issuer.issuer_id, sweep, after, now, BATCH)
        removed += batch.removed
        living += batch.seen - batch.removed
        after = batch.last
        rest = REST * (time.monotonic() - began)
        await asyncio.sleep(min(max(SHORTEST_REST, rest), LONGEST_REST))
    if after is not None:
        household.swept[place] = after
    if removed:
        household.observer.swept(sweep.table, removed)
        _log.info("swept", issuer=issuer.issuer_id, table=sweep.table, rows=removed)
    return removed


SWEEPING = Job(name="sweeper", seconds=60, run=sweep_all)
