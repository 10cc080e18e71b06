"""Audit events are sealed, and the seals told to the log: there they are anchors outside."""

import structlog

from ostiary.housekeeping.job import Household, Job
from ostiary.management.audit_sealing import seal_due

_log = structlog.get_logger("ostiary.housekeeping")


async def seal_all(household: Household) -> int:
    """How many events were sealed."""
    sealed = 0
    for issuer in await household.store.issuers.list():
        if not household.clockwatch.is_believed():
            _log.warning("not sealed: the clock has jumped ahead")
            break
        now = household.clock_of(issuer).now()
        for seal in await seal_due(household.store, household.master_key, issuer, now):
            _log.info(
                "audit sealed", issuer=issuer.issuer_id, seal=str(seal.anchor), events=seal.events
            )
            sealed += seal.events
    return sealed


SEALING = Job(name="sealer", seconds=60, run=seal_all)
