"""Keys get their successors in time, and private keys that have served are destroyed."""

import structlog

from ostiary.domain.issuer import Issuer
from ostiary.housekeeping.job import Household, Job
from ostiary.management.keys import erase_gone, rotate_due, rotate_handle_key_due

_log = structlog.get_logger("ostiary.housekeeping")


async def tend_keys(household: Household) -> int:
    """How many keys were added or erased."""
    changed = 0
    for issuer in await household.store.issuers.list():
        if not household.clockwatch.is_believed():
            _log.warning("keys not tended: the clock has jumped ahead")
            break
        changed += await _tend(household, issuer)
    return changed


async def _tend(household: Household, issuer: Issuer) -> int:
    store, master_key = household.store, household.master_key
    now = household.clock_of(issuer).now()
    added = await rotate_due(store, master_key, issuer, now)
    handle_key = await rotate_handle_key_due(store, master_key, issuer, now)
    erased = await erase_gone(store, issuer, now)
    return len(added) + (handle_key is not None) + len(erased)


KEYS = Job(name="keys", seconds=60, run=tend_keys)
