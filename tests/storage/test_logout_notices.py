"""Logout notices: written with the end of a session, and taken up by one at a time."""

import asyncio
from dataclasses import replace

import pytest

from ostiary.domain.logout_notice import DUE_AT_ONCE, PAUSES, LogoutNotice, NoticeState
from ostiary.storage.interactions import SignInChange
from ostiary.storage.store import Store
from tests.storage.rows import (
    AUTHORIZATION,
    INTERACTION_ID,
    NOTICE,
    NOW,
    SESSION,
    SESSION_ID,
    an_event,
    fill,
)

pytestmark = pytest.mark.both_engines

LEFT = "left"
NEW = b"n" * 16


async def of_session(store: Store, session_id: bytes) -> list[LogoutNotice]:
    found = await store.logout_notices.list(LEFT, limit=100)
    return [notice for notice in found if notice.session_id == session_id]


async def the_notice(store: Store) -> LogoutNotice:
    (notice,) = await of_session(store, NOTICE.session_id)
    return notice


async def test_the_end_of_a_session_leaves_one_notice_for_each_client_that_wants_it(
    filled: Store,
) -> None:
    for number, (client_id, wants) in enumerate(
        [("a", True), ("a", True), ("b", True), ("c", False)]
    ):
        other = replace(
            AUTHORIZATION,
            authorization_id=bytes([number]) * 16,
            client_id=client_id,
            notify_logout=wants,
        )
        await filled.authorizations.add(LEFT, other, touch=False)
    assert await filled.logout_notices.find_clients(LEFT, SESSION_ID) == ["a", "b", "web"]
    assert await filled.sessions.end(LEFT, SESSION_ID, an_event(NOW + 7))
    notices = await of_session(filled, SESSION_ID)
    assert sorted(notice.client_id for notice in notices) == ["a", "b", "web"]
    assert notices[0] == LogoutNotice(
        session_id=SESSION_ID,
        client_id=notices[0].client_id,
        user_id=SESSION.user_id,
        created_at=NOW + 7,
        next_attempt_at=DUE_AT_ONCE,
    )


async def test_a_session_that_ended_before_leaves_nothing_more(filled: Store) -> None:
    before = await filled.logout_notices.list(LEFT, limit=100)
    assert not await filled.sessions.end(LEFT, NOTICE.session_id, an_event(NOW + 9))
    assert await filled.logout_notices.list(LEFT, limit=100) == before


async def test_another_persons_sign_in_leaves_the_notices_of_the_session_before(
    filled: Store,
) -> None:
    change = SignInChange(
        session=replace(SESSION, session_id=NEW, user_id="bob-id"), renews=False, ends=SESSION_ID
    )
    assert await filled.interactions.sign_in(LEFT, INTERACTION_ID, change, an_event())
    (notice,) = await of_session(filled, SESSION_ID)
    assert notice.user_id == SESSION.user_id


async def test_the_same_persons_sign_in_leaves_none(filled: Store) -> None:
    change = SignInChange(session=replace(SESSION, generation=1), renews=True, ends=None)
    assert await filled.interactions.sign_in(LEFT, INTERACTION_ID, change, an_event())
    assert await of_session(filled, SESSION_ID) == []


async def test_what_is_due_is_found_for_all_issuers_the_untried_first(filled: Store) -> None:
    await fill(filled, "right")
    assert await filled.logout_notices.claim(LEFT, NOTICE, NOW)
    due = await filled.logout_notices.find_due(NOW + PAUSES[0], limit=10)
    assert [issuer_id for issuer_id, _ in due] == ["right", LEFT]
    assert len(await filled.logout_notices.find_due(NOW + PAUSES[0], limit=1)) == 1
    assert [issuer_id for issuer_id, _ in await filled.logout_notices.find_due(NOW, 10)] == [
        "right"
    ]


async def test_of_many_that_claim_one_wins(filled: Store) -> None:
    claims = [filled.logout_notices.claim(LEFT, NOTICE, NOW) for _ in range(20)]
    assert sorted(await asyncio.gather(*claims)) == [False] * 19 + [True]
    assert (await the_notice(filled)).attempts == 1


async def test_a_claim_holds_until_its_pause_is_over(filled: Store) -> None:
    assert await filled.logout_notices.claim(LEFT, NOTICE, NOW)
    claimed = await the_notice(filled)
    assert claimed.next_attempt_at == NOW + PAUSES[0]
    assert not await filled.logout_notices.claim(LEFT, claimed, NOW + PAUSES[0] - 1)
    assert not await filled.logout_notices.claim(LEFT, NOTICE, NOW + PAUSES[0]), "seen before"
    assert await filled.logout_notices.claim(LEFT, claimed, NOW + PAUSES[0])


async def test_what_was_delivered_or_given_up_is_never_due_again(filled: Store) -> None:
    assert await filled.logout_notices.note_delivered(LEFT, NOTICE, NOW)
    assert not await filled.logout_notices.note_delivered(LEFT, NOTICE, NOW + 1)
    assert not await filled.logout_notices.note_failed(LEFT, NOTICE, "late")
    assert not await filled.logout_notices.give_up(LEFT, NOTICE, "late", an_event())
    assert await filled.logout_notices.find_due(NOW * 2, limit=10) == []
    delivered = await the_notice(filled)
    assert (delivered.state, delivered.last_error) == (NoticeState.DELIVERED, None)


async def test_what_was_given_up_keeps_its_last_error(filled: Store) -> None:
    assert await filled.logout_notices.note_failed(LEFT, NOTICE, "status 500")
    assert (await the_notice(filled)).state is NoticeState.WAITING
    assert await filled.logout_notices.give_up(LEFT, NOTICE, "timed out", an_event())
    given_up = await the_notice(filled)
    assert (given_up.state, given_up.last_error) == (NoticeState.FAILED, "timed out")
    assert await filled.logout_notices.find_due(NOW * 2, limit=10) == []


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_a_list_is_as_long_as_asked(filled: Store, limit: int) -> None:
    await filled.sessions.end(LEFT, SESSION_ID, an_event())
    assert len(await filled.logout_notices.list(LEFT, limit)) == min(limit, 2)
