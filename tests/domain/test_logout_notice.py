"""Notices of a logout: their states, and when they are tried again."""

from dataclasses import replace

import pytest

from ostiary.domain.logout_notice import PAUSES, LogoutNotice, NoticeState

NOTICE = LogoutNotice(session_id=b"s" * 16, client_id="web", user_id="alice", created_at=5)


def test_a_new_notice_waits_and_is_due_at_once() -> None:
    assert NOTICE.state is NoticeState.WAITING
    assert NOTICE.next_attempt_at == 0


def test_a_notice_that_arrived_is_delivered_whatever_went_before() -> None:
    late = replace(NOTICE, attempts=9, next_attempt_at=None, delivered_at=7)
    assert late.state is NoticeState.DELIVERED


def test_a_notice_that_is_tried_no_more_has_failed() -> None:
    assert replace(NOTICE, attempts=7, next_attempt_at=None).state is NoticeState.FAILED


@pytest.mark.parametrize(("attempts", "pause"), list(enumerate(PAUSES)))
def test_pauses_grow(attempts: int, pause: int) -> None:
    notice = replace(NOTICE, attempts=attempts)
    assert notice.next_attempt(1000) == 1000 + pause
    assert not notice.is_last_attempt
    assert pause > 5, "longer than an attempt may take"
    assert attempts == 0 or pause > PAUSES[attempts - 1]


@pytest.mark.parametrize("attempts", [len(PAUSES), len(PAUSES) + 1, 99])
def test_behind_the_last_pause_it_is_the_last_attempt(attempts: int) -> None:
    """Even one that was lost with its process is taken up again before it is given up."""
    notice = replace(NOTICE, attempts=attempts)
    assert notice.is_last_attempt
    assert notice.next_attempt(1000) == 1000 + PAUSES[-1]
