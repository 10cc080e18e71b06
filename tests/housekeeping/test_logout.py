"""Clients are told of logouts: fairly, by whoever keeps house, and of every way a session may end."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ostiary.accounts.passwords import Passwords
from ostiary.domain.client import Client
from ostiary.domain.issuer import DAY
from ostiary.housekeeping.housekeeper import keep_house
from ostiary.housekeeping.job import Household
from ostiary.housekeeping.logout import LOGOUT, begin_notices
from ostiary.management.users import set_password, set_user_enabled
from ostiary.provider.logout_delivery import (
    MOST_AT_ONCE,
    MOST_AT_ONCE_TO_CLIENT,
    PAGE,
    LogoutDelivery,
)
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.logout_notices import LogoutNotices
from ostiary.storage.source import Source
from tests.kit.elsewhere import Elsewhere
from tests.kit.leaving import BACKCHANNEL, is_signed_in, signed_in_with_tokens, tell
from tests.kit.outside import contents, query
from tests.kit.relying_party import RelyingParty, payload
from tests.kit.world import ENTERPRISE, World, a_client

SLOW, FAST = f"{BACKCHANNEL}/slow", f"{BACKCHANNEL}/fast"


@dataclass
class Waiting(Elsewhere):
    """Clients' servers, of which those at SLOW answer when they are let go."""

    told: list[str] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def post_form(self, url: str, fields: Mapping[str, str]) -> int:
        self.told.append(url)
        if url.startswith(SLOW):
            await self.let_go.wait()
        return 200


async def told_client(world: World, name: str, uri: str) -> Client:
    return await world.add_client(a_client(name, ENTERPRISE, backchannel_logout_uri=uri))


def add_notices(source: Source, client_id: str, count: int, *, first: int) -> None:
    for number in range(first, first + count):
        session = f"{number:032x}"
        literal = f"X'{session}'" if isinstance(source, Path) else f"'\\x{session}'"
        query(
            source,
            "INSERT INTO logout_notices (issuer_id, session_id, client_id, user_id, created_at, "  # noqa: S608
            "attempts, next_attempt_at) "
            f"VALUES ('enterprise', {literal}, '{client_id}', 'x', 1, 0, 0)",
        )


def delivery_with(world: World, fetcher: Elsewhere) -> LogoutDelivery:
    issuers = world.ostiary.logout_delivery._issuers
    return LogoutDelivery(issuers, fetcher, world.clock)


@pytest.mark.both_engines
async def test_a_client_that_is_slow_holds_up_nobody_but_itself(
    household: Household, world: World, source: Source
) -> None:
    """More of its notices than are looked at in one go stand in front of the others'."""
    await told_client(world, "slow", SLOW)
    await told_client(world, "fast", FAST)
    add_notices(source, "slow", PAGE + 5, first=0)
    add_notices(source, "fast", 20, first=1000)
    fetcher = Waiting()
    household = replace(household, logout_delivery=delivery_with(world, fetcher))
    async with asyncio.timeout(10):
        while fetcher.told.count(FAST) < 20:
            await begin_notices(household)
            await asyncio.sleep(0.005)
    assert fetcher.told.count(SLOW) == MOST_AT_ONCE_TO_CLIENT
    assert MOST_AT_ONCE_TO_CLIENT < MOST_AT_ONCE
    assert (await world.store.figures.pending_notices(1000)).count >= PAGE + 3
    assert (await world.store.figures.pending_notices(7)).count == 7
    fetcher.let_go.set()
    await household.logout_delivery.close()


async def test_an_attempt_that_ends_makes_room_for_the_next_at_once(
    household: Household, world: World, source: Source
) -> None:
    await told_client(world, "fast", FAST)
    add_notices(source, "fast", 3, first=0)
    household = replace(household, logout_delivery=delivery_with(world, Waiting()))
    delivery = household.logout_delivery
    delivery.wakes.clear()
    assert await begin_notices(household) == MOST_AT_ONCE_TO_CLIENT
    async with asyncio.timeout(5):
        await delivery.wakes.wait()
    await delivery.deliver_due()
    assert (await world.store.figures.pending_notices(10)).count == 0


@pytest.mark.both_engines
@pytest.mark.parametrize("ends", ["a new password", "switched off"])
async def test_clients_are_told_when_all_of_a_persons_sessions_end(
    world: World, source: Source, ends: str
) -> None:
    rp = RelyingParty.of(world, await told_client(world, "told", FAST))
    world.elsewhere.statuses[FAST] = 200
    people = [await signed_in_with_tokens(rp) for _ in range(2)]
    other, _ = await signed_in_with_tokens(rp, "bob")
    world.clock.time += 10
    if ends == "a new password":
        passwords = Passwords()
        await set_password(
            world.store, passwords, ENTERPRISE, "alice", "another good one", world.clock.time
        )
        passwords.close()
    else:
        await set_user_enabled(world.store, ENTERPRISE, "alice", world.clock.time, enabled=False)
    told = await tell(world)
    assert sorted(str(payload(token)["sid"]) for _, token in told) == sorted(
        str(payload(tokens["id_token"])["sid"]) for _, tokens in people
    )
    assert await is_signed_in(rp, other)
    for person, _ in people:
        assert not await is_signed_in(rp, person)
    ended = [row for row in contents(source, "enterprise")["sessions"] if world.clock.time in row]
    assert len(ended) == 2
    world.clock.time += DAY
    assert await tell(world) == []


async def test_a_store_that_takes_nothing_is_not_pressed(
    household: Household, world: World, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told_client(world, "fast", FAST)
    add_notices(source, "fast", 3, first=0)
    tried = asyncio.Event()
    claims = 0

    async def away(*_: object) -> bool:
        nonlocal claims
        claims += 1
        tried.set()
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(LogoutNotices, "claim", away)
    task = asyncio.create_task(keep_house(household, [LOGOUT]))
    async with asyncio.timeout(5):
        await tried.wait()
    for _ in range(200):
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert claims <= 2 * MOST_AT_ONCE_TO_CLIENT
