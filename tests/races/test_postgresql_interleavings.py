"""What SQLite's single writer cannot show: two changes that are both under way on PostgreSQL.

Each is stopped in its middle by a row that somebody else holds. ST-10, ST-27; reliability, M2.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import asyncpg
import pytest

from ostiary.storage.postgresql import engine as postgresql_engine
from ostiary.storage.schema import ensure_schema
from ostiary.storage.source import PostgresqlSource
from ostiary.storage.store import Store
from tests.kit.postgresql import Cluster, query, restore
from tests.storage.rows import (
    AUTHORIZATION,
    INTERACTION,
    KEY,
    NOW,
    PUSHED,
    SESSION_ID,
    USER,
    a_completion,
    an_event,
    fill,
)

pytestmark = pytest.mark.postgresql

LEFT = "left"
PATIENCE = 10.0
ROUNDS, AT_ONCE = 5, 16

T = TypeVar("T")


def make_filled(source: PostgresqlSource) -> None:
    ensure_schema(source)

    async def fill_it() -> None:
        store = Store.open(source)
        await fill(store, LEFT)
        store.close()

    asyncio.run(fill_it())


@pytest.fixture(scope="session")
def kept(postgresql: Cluster) -> PostgresqlSource:
    return postgresql.make(make_filled)


@pytest.fixture
def source(kept: PostgresqlSource) -> PostgresqlSource:
    restore(kept)
    return kept


@pytest.fixture
async def store(source: PostgresqlSource) -> AsyncIterator[Store]:
    opened = Store.open(source)
    yield opened
    opened.close()


@pytest.fixture
def first_attempt_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that PostgreSQL undoes, to break a circle, is not made again."""
    monkeypatch.setattr(postgresql_engine, "MOST_ATTEMPTS", 1)


@asynccontextmanager
async def holding(source: PostgresqlSource, statement: str) -> AsyncIterator[None]:
    """Somebody else has run this statement, and ends without having done it."""
    connection = await asyncpg.connect(source.url.replace("//ostiary@", "//postgres@"))
    try:
        await connection.execute("BEGIN")
        assert not (await connection.execute(statement)).endswith(" 0"), "it holds a row"
        yield
        await connection.execute("ROLLBACK")
    finally:
        await connection.close()


async def until_waiting(source: PostgresqlSource, number: int) -> None:
    """So many changes wait for a row."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(PATIENCE):
        while len(query(source, waiting)) < number:
            await asyncio.sleep(0.005)


async def soon(work: Awaitable[T]) -> T:
    async with asyncio.timeout(PATIENCE):
        return await work


def told(source: PostgresqlSource) -> set[object]:
    rows = query(source, "SELECT client_id FROM logout_notices WHERE session_id = $1", SESSION_ID)
    return {row["client_id"] for row in rows}


LATE = replace(AUTHORIZATION, authorization_id=b"n" * 16, client_id="late")


HOLD_PUSHED = "SELECT 1 FROM pushed_requests FOR UPDATE"
# A notice of the same key, which the end of the session waits for.
HOLD_NOTICE = f"""
INSERT INTO logout_notices (issuer_id, session_id, client_id, user_id, created_at, attempts)
VALUES ('{LEFT}', '\\x{SESSION_ID.hex()}', 'web', 'x', 0, 0)
"""  # noqa: S608  our own


async def sign_out(store: Store) -> object:
    return await store.sessions.end(LEFT, SESSION_ID, an_event())


async def switch_off(store: Store) -> object:
    await store.users.set_disabled(LEFT, USER.user_id, NOW, an_event())
    return True


End = Callable[[Store], Awaitable[object]]
ENDS = pytest.mark.parametrize("end", [sign_out, switch_off])


@ENDS
async def test_st_27_the_end_of_a_session_waits_for_a_code_under_way_and_tells_its_client(
    store: Store, source: PostgresqlSource, end: End
) -> None:
    async with holding(source, HOLD_PUSHED):
        adding = asyncio.create_task(
            store.authorizations.add(
                LEFT,
                LATE,
                touch=False,
                pushed_id=PUSHED.pushed_id,
            )
        )
        await until_waiting(source, 1)
        ending = asyncio.ensure_future(end(store))
        await until_waiting(source, 2)
    assert await soon(adding)
    assert await soon(ending)
    assert told(source) == {"web", "late"}


@ENDS
async def test_st_27_a_code_waits_for_the_end_of_its_session_and_is_not_given(
    store: Store, source: PostgresqlSource, end: End
) -> None:
    async with holding(source, HOLD_NOTICE):
        ending = asyncio.ensure_future(end(store))
        await until_waiting(source, 1)
        adding = asyncio.create_task(store.authorizations.add(LEFT, LATE, touch=True))
        await until_waiting(source, 2)
    assert await soon(ending)
    assert not await soon(adding)
    assert told(source) == {"web"}
    assert query(source, "SELECT 1 FROM authorizations WHERE client_id = 'late'") == []


@pytest.mark.parametrize("_round", range(ROUNDS))
@pytest.mark.usefixtures("first_attempt_counts")
async def test_st_10_codes_of_one_session_at_once_do_not_wait_for_each_other_in_a_circle(
    store: Store, _round: int
) -> None:
    codes = [
        replace(AUTHORIZATION, authorization_id=bytes([number]) * 16, created_at=NOW + number)
        for number in range(1, AT_ONCE)
    ]
    added = await soon(
        asyncio.gather(*(store.authorizations.add(LEFT, code, touch=True) for code in codes))
    )
    assert all(added)


@pytest.mark.parametrize("interaction_first", [True, False])
@pytest.mark.usefixtures("first_attempt_counts")
async def test_st_10_st_27_a_pushed_request_is_used_once_with_or_without_an_interaction(
    store: Store, source: PostgresqlSource, *, interaction_first: bool
) -> None:
    await store.interactions.add(LEFT, replace(INTERACTION, interaction_id=b"N" * 16))
    pushed = PUSHED.pushed_id
    with_one = replace(a_completion(b"1" * 16), pushed_id=pushed)
    without = replace(AUTHORIZATION, authorization_id=b"2" * 16)
    uses = [
        store.interactions.complete(LEFT, b"N" * 16, with_one),
        store.authorizations.add(LEFT, without, touch=True, pushed_id=pushed),
    ]
    running = []
    async with holding(source, HOLD_PUSHED):
        for number, use in enumerate(uses if interaction_first else reversed(uses), start=1):
            running.append(asyncio.create_task(use))
            await until_waiting(source, number)
    assert await soon(asyncio.gather(*running)) == [True, False]


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_st_27_what_counts_once_counts_once_over_many_connections(
    source: PostgresqlSource, _round: int
) -> None:
    stores = [Store.open(source) for _ in range(AT_ONCE)]
    spent = await asyncio.gather(
        *(each.spent.add(LEFT, b"1" * 16, expires_at=NOW + 60, now=NOW) for each in stores)
    )
    redeemed = await asyncio.gather(
        *(
            each.authorizations.redeem(
                LEFT, AUTHORIZATION.authorization_id, refresh_until=NOW, refresh_jkt=None, now=NOW
            )
            for each in stores
        )
    )
    keys = await asyncio.gather(
        *(
            each.keys.add_signing_key(
                LEFT,
                replace(KEY, kid=f"k-{number}", activates_at=NOW + 9),
                unless_after=NOW + 5,
                event=an_event(),
            )
            for number, each in enumerate(stores)
        )
    )
    for each in stores:
        each.close()
    assert (spent.count(True), redeemed.count(True), keys.count(True)) == (1, 1, 1)


async def test_st_27_what_was_spent_in_a_change_that_did_not_happen_can_be_spent(
    store: Store, source: PostgresqlSource
) -> None:
    hold = f"INSERT INTO spent_ids VALUES ('{LEFT}', '\\x{b'1'.hex() * 16}', {NOW + 60})"  # noqa: S608
    async with holding(source, hold):
        spending = asyncio.create_task(
            store.spent.add(LEFT, b"1" * 16, expires_at=NOW + 60, now=NOW)
        )
        await until_waiting(source, 1)
    assert await soon(spending)
    assert not await store.spent.add(LEFT, b"1" * 16, expires_at=NOW + 60, now=NOW)
