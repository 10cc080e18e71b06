"""Security levels, the weakest first."""

import pytest

from ostiary.domain.security_level import LEVELS, levels_up_to, strongest


def test_there_are_the_four_of_the_contract_in_their_order() -> None:
    assert LEVELS == ("standard", "enhanced", "high", "restricted")


@pytest.mark.parametrize("level", LEVELS)
def test_who_has_reached_a_level_has_reached_those_before_it(level: str) -> None:
    reached = levels_up_to(level)
    assert reached == LEVELS[: len(reached)]
    assert reached[-1] == strongest(reached) == level


def test_the_strongest_does_not_follow_the_alphabet() -> None:
    assert strongest(["standard", "enhanced"]) == "enhanced"
    assert strongest(["high", "standard"]) == "high"
