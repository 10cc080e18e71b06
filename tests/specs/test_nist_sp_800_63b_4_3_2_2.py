"""Guesses at an account are limited. NIST SP 800-63B-4 §3.2.2."""

import pytest

from ostiary.accounts.subjects import open_subjects
from ostiary.accounts.throttle import Throttle, TooManyTries
from ostiary.domain.observer import NOBODY
from tests.kit.world import ENTERPRISE, MASTER_KEY, START, World

MOST_IN_A_ROW = 100


@pytest.mark.spec("NIST SP 800-63B-4 §3.2.2")
async def test_no_more_than_a_hundred_in_a_row_wherever_they_come_from(world: World) -> None:
    """The hundredth makes the next one wait, though each has an address of its own. NIST SP 800-63B-4 §3.2.2."""
    subjects = await open_subjects(world.store, MASTER_KEY, ENTERPRISE.issuer_id, START)

    async def guess(number: int) -> None:
        throttle = Throttle(
            issuer_id=ENTERPRISE.issuer_id,
            store=world.store,
            subjects=subjects,
            observer=NOBODY,
            address=f"192.0.2.{number}",
            now=START,
        )
        await throttle.refuse(await throttle.count("alice"))

    for number in range(MOST_IN_A_ROW):
        await guess(number)
    with pytest.raises(TooManyTries):
        await guess(MOST_IN_A_ROW)
