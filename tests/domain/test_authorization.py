"""What decides whether anything may still be done under an authorization."""

from typing import Any

import pytest

from tests.domain.values import NOW, a_standing, an_authorization


def test_an_authorization_in_good_standing_may_act() -> None:
    assert a_standing(an_authorization()).may_act(NOW)


@pytest.mark.parametrize(
    ("changes", "may_act"),
    [
        ({"revoked_at": NOW - 1}, False),
        ({"revoked_at": NOW + 1}, False),
        ({"revoked_at": 0}, False),
        ({"ends_at": NOW + 1}, True),
        ({"ends_at": NOW}, False),
        ({"ends_at": NOW - 1}, False),
        ({"code_expires_at": NOW - 1}, True),
    ],
)
def test_a_revoked_or_ended_authorization_may_not_act(
    changes: dict[str, Any], may_act: bool
) -> None:
    assert a_standing(an_authorization(**changes)).may_act(NOW) is may_act


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize(
    ("changes", "may_act"),
    [
        ({"user_disabled": True}, False),
        ({"claims": None}, False),
        ({"user_valid_after": NOW - 29}, False),
        ({"user_valid_after": NOW - 30}, True),
        ({"user_valid_after": NOW - 31}, True),
    ],
)
def test_nothing_goes_on_for_a_person_switched_off_gone_or_with_a_new_password(
    changes: dict[str, Any], may_act: bool, offline: bool
) -> None:
    assert a_standing(an_authorization(offline=offline), **changes).may_act(NOW) is may_act


@pytest.mark.parametrize("offline", [False, True])
def test_only_an_offline_authorization_outlives_the_session(offline: bool) -> None:
    standing = a_standing(an_authorization(offline=offline), session_ended=True)
    assert standing.may_act(NOW) is offline
