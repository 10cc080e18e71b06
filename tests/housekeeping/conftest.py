"""A provider of the test's own, and what its housekeeper works with."""

import pytest

from ostiary.app import SystemClock
from ostiary.housekeeping.clockwatch import Clockwatch
from ostiary.housekeeping.job import Household
from tests.kit.world import World


@pytest.fixture
def household(world: World) -> Household:
    return Household(
        store=world.store,
        master_key=world.ostiary.master_key,
        logout_delivery=world.ostiary.logout_delivery,
        observer=world.ostiary.telemetry,
        clock_of=lambda _issuer: world.clock,
        clockwatch=Clockwatch(SystemClock()),
    )
