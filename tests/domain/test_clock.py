"""Time is an argument, and only a sandbox may move it."""

import pytest

from ostiary.domain.clock import SandboxClock
from ostiary.domain.issuer import Environment
from tests.domain.values import NOW, an_issuer

SANDBOX = an_issuer()


class Ticking:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> int:
        return self.time


def test_a_clock_that_nobody_moved_tells_the_real_time() -> None:
    real = Ticking()
    clock = SandboxClock(issuer=SANDBOX, real=real)
    assert clock.now() == NOW
    real.time += 5
    assert clock.now() == NOW + 5


@pytest.mark.parametrize("offset", [3600, -3600])
def test_a_moved_clock_goes_on_from_there(offset: int) -> None:
    real = Ticking()
    clock = SandboxClock(issuer=SANDBOX, real=real, offset=offset)
    real.time += 5
    assert clock.now() == NOW + 5 + offset


@pytest.mark.parametrize("frozen_at", [NOW - 100, 0])
def test_a_frozen_clock_stands_still(frozen_at: int) -> None:
    real = Ticking()
    clock = SandboxClock(issuer=SANDBOX, real=real, frozen_at=frozen_at)
    real.time += 5
    assert clock.now() == frozen_at


def test_a_frozen_clock_can_still_be_moved() -> None:
    clock = SandboxClock(issuer=SANDBOX, real=Ticking(), frozen_at=NOW)
    clock.offset = 3600
    assert clock.now() == NOW + 3600


def test_a_clock_frozen_at_the_real_time_keeps_how_far_it_was_moved() -> None:
    real = Ticking()
    clock = SandboxClock(issuer=SANDBOX, real=real, offset=3600)
    clock.frozen_at = real.now()
    real.time += 5
    assert clock.now() == NOW + 3600


def test_no_clock_that_can_be_moved_is_made_for_a_production_issuer() -> None:
    production = an_issuer(environment=Environment.PRODUCTION)
    with pytest.raises(ValueError, match="sandbox"):
        SandboxClock(issuer=production, real=Ticking())
