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
        ({"token_revoked": True}, False),
        ({"claims": None}, False),
        ({"user_valid_after": NOW - 29}, False),
        ({"user_valid_after": NOW - 30}, True),
        ({"user_valid_after": NOW - 31}, True),
    ],
)
def test_nothing_goes_on_for_a_person_who_is_gone_nor_with_a_token_that_is_revoked(
    changes: dict[str, Any], may_act: bool, offline: bool
) -> None:
    assert a_standing(an_authorization(offline=offline), **changes).may_act(NOW) is may_act


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize(
    ("session_until", "lives"), [(NOW + 1, True), (NOW, False), (NOW - 1, False), (0, False)]
)
def test_only_an_offline_authorization_outlives_the_session(
    session_until: int, lives: bool, offline: bool
) -> None:
    standing = a_standing(an_authorization(offline=offline), session_until=session_until)
    assert standing.may_act(NOW) is (lives or offline)


@pytest.mark.parametrize("ended", [{"ends_at": NOW}, {"revoked_at": NOW}])
def test_a_session_that_lives_does_not_prolong_an_authorization(ended: dict[str, Any]) -> None:
    standing = a_standing(an_authorization(**ended), session_until=NOW + 86_000)
    assert not standing.may_act(NOW)
