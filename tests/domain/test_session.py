"""A browser's signed-in state at the issuer."""

from typing import Any

import pytest

from ostiary.domain.issuer import Lifetimes
from ostiary.domain.session import is_live, needs_touch
from ostiary.protocol.tokens import Authentication
from tests.domain.values import NOW, a_session, an_issuer, signed_in

LIFETIMES = Lifetimes(session_idle=1000)


def test_a_session_in_use_is_live() -> None:
    assert is_live(signed_in(a_session()), 3, LIFETIMES, NOW)


@pytest.mark.parametrize("generation", [0, 2, 4])
def test_a_cookie_of_another_generation_is_dead(generation: int) -> None:
    assert not is_live(signed_in(a_session()), generation, LIFETIMES, NOW)


@pytest.mark.parametrize(
    ("changes", "live"),
    [
        ({"ended_at": NOW - 10}, False),
        ({"ended_at": NOW + 10}, False),
        ({"expires_at": NOW + 1}, True),
        ({"expires_at": NOW}, False),
        ({"expires_at": NOW - 1}, False),
        ({"seen_at": NOW - 999}, True),
        ({"seen_at": NOW - 1000}, False),
    ],
)
def test_a_session_that_ended_expired_or_idled_is_dead(changes: dict[str, Any], live: bool) -> None:
    assert is_live(signed_in(a_session(**changes)), 3, LIFETIMES, NOW) is live


@pytest.mark.parametrize(
    ("changes", "live"),
    [
        ({"disabled": True}, False),
        ({"valid_after": NOW - 61}, True),
        ({"valid_after": NOW - 60}, True),
        ({"valid_after": NOW - 59}, False),
        ({"claims": None}, True),
    ],
)
def test_a_person_switched_off_or_with_a_new_password_is_no_longer_signed_in(
    changes: dict[str, Any], live: bool
) -> None:
    assert is_live(signed_in(a_session(), **changes), 3, LIFETIMES, NOW) is live


@pytest.mark.parametrize(
    ("seen_at", "needed"), [(NOW, False), (NOW - 99, False), (NOW - 100, True)]
)
def test_use_is_noted_at_a_tenth_of_the_idle_time(seen_at: int, needed: bool) -> None:
    assert needs_touch(a_session(seen_at=seen_at), LIFETIMES, NOW) is needed


def test_a_session_tells_how_and_when_its_person_signed_in() -> None:
    session = a_session(amr=("pwd", "otp"), level="high")
    assert session.authentication(an_issuer(), frozenset()) == Authentication(
        auth_time=NOW - 60, acr="urn:ostiary:security-level:high", amr=("pwd", "otp")
    )


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (set(), "high"),
        ({"high"}, "high"),
        ({"enhanced"}, "enhanced"),
        ({"standard", "enhanced", "restricted"}, "enhanced"),
        ({"restricted"}, "high"),
    ],
)
def test_a_session_tells_the_strongest_level_that_is_wanted_and_never_a_stronger_one(
    wanted: set[str], told: str
) -> None:
    authentication = a_session(level="high").authentication(an_issuer(), frozenset(wanted))
    assert authentication.acr == f"urn:ostiary:security-level:{told}"
