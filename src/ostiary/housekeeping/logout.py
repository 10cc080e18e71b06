"""Clients are told of sessions that are over. Back-Channel Logout §2.5."""

from ostiary.housekeeping.job import Household, Job


async def begin_notices(household: Household) -> int:
    """How many attempts were begun; each says itself how it went."""
    return await household.logout_delivery.begin_due()


# Sessions that end in other processes are seen by looking.
LOGOUT = Job(
    name="logout",
    seconds=1,
    run=begin_notices,
    wakes=lambda household: household.logout_delivery.wakes,
)
