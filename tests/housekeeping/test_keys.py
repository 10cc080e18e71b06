"""Keys are rotated while everything goes on: by many at once, and seen by all before they are used.

ST-21: whatever was given out under an earlier key is good for as long as it would have been.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from ostiary.domain import handle_keys
from ostiary.domain.audit import EventType
from ostiary.domain.handles import HandleKeys
from ostiary.domain.issuer import DAY, HOUR
from ostiary.domain.signing_keys import (
    ERASURE,
    LONGEST_LEAD,
    PUBLICATION_LEAD,
    ROTATION_PERIOD,
    KeyState,
    states,
)
from ostiary.housekeeping.clockwatch import Clockwatch
from ostiary.housekeeping.housekeeper import keep_house
from ostiary.housekeeping.job import Household, Job
from ostiary.housekeeping.keys import tend_keys
from ostiary.housekeeping.sealing import seal_all
from ostiary.management.errors import ManagementError
from ostiary.management.keys import rotate, rotate_handle_key
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.storage.jobs import JobRun
from ostiary.storage.source import Source
from ostiary.storage.store import Store
from tests.housekeeping.steady import Steady
from tests.kit.leaving import logout_url, signed_in_with_tokens
from tests.kit.relying_party import RelyingParty, go_through, header
from tests.kit.world import ENTERPRISE, MASTER_KEY, START, World, world_over

OFFLINE = "openid profile email offline_access"
LEAD = 2 * HOUR
# When the standard issuers got their keys.
MADE = START - DAY


@pytest.fixture
async def other(world: World, source: Source) -> AsyncIterator[World]:
    """Another process on the same database, with the same clock."""
    opened = world_over(source, world.clock)
    yield opened
    await opened.ostiary.close()


async def handles_of(world: World) -> HandleKeys:
    op = await world.ostiary.logout_delivery._issuers.named("enterprise").current()
    assert op is not None
    return op.handles


async def until(fits: Callable[[HandleKeys], bool], world: World) -> None:
    """As soon as the process has seen it: within a second."""
    async with asyncio.timeout(1.5):
        while not fits(await handles_of(world)):
            await asyncio.sleep(0.01)


# ---- many at once -------------------------------------------------------------------------------


@pytest.mark.both_engines
@pytest.mark.parametrize("round_", range(3))
async def test_of_many_processes_that_rotate_at_once_one_does(
    world: World, source: Source, round_: int
) -> None:
    stores = [Store.open(source) for _ in range(6)]
    now = world.clock.time + round_
    before = await world.store.keys.signing_keys("enterprise")
    handle_keys_before = await world.store.keys.handle_keys("enterprise")
    added = await asyncio.gather(
        *(rotate(store, MASTER_KEY, ENTERPRISE, [Algorithm.ES256], now) for store in stores),
        *(rotate(store, MASTER_KEY, ENTERPRISE, [Algorithm.EDDSA], now) for store in stores),
    )
    sealing = await asyncio.gather(
        *(rotate_handle_key(store, MASTER_KEY, ENTERPRISE, now) for store in stores)
    )
    assert sum(map(len, added)) == 2
    assert sum(key is not None for key in sealing) == 1
    assert len(await world.store.keys.signing_keys("enterprise")) == len(before) + 2
    after = await world.store.keys.handle_keys("enterprise")
    assert [key.number for key in after] == [*range(1, len(handle_keys_before) + 2)]
    for store in stores:
        store.close()


# ---- when they are due --------------------------------------------------------------------------


@pytest.mark.both_engines
async def test_what_is_due_is_rotated_published_first_and_used_later(
    household: Household, world: World
) -> None:
    assert await tend_keys(household) == 0
    world.clock.time = MADE + ROTATION_PERIOD - PUBLICATION_LEAD
    assert await tend_keys(household) == 2 * len(Algorithm)
    keys = await world.store.keys.signing_keys("enterprise")
    assert sorted(states(keys, world.clock.time).values()) == [
        *[KeyState.ACTIVE] * 4,
        *[KeyState.PENDING] * 4,
    ]
    world.clock.time += PUBLICATION_LEAD - handle_keys.LEAD
    assert await tend_keys(household) == 2
    newest = (await world.store.keys.handle_keys("enterprise"))[-1]
    assert (newest.number, newest.activates_at) == (2, world.clock.time + handle_keys.LEAD)
    assert await tend_keys(household) == 0


async def test_the_private_half_of_a_key_that_was_replaced_is_destroyed_in_the_end(
    household: Household, world: World
) -> None:
    """The public one stays: what it signed comes back as a hint."""
    rp = RelyingParty(world=world)
    person, tokens = await signed_in_with_tokens(rp)
    await rotate(world.store, MASTER_KEY, ENTERPRISE, [Algorithm.RS256], START)
    world.clock.time = START + PUBLICATION_LEAD + ERASURE - 1
    await tend_keys(household)
    assert all(key.sealed for key in await world.store.keys.signing_keys("enterprise"))
    world.clock.time += 1
    assert await tend_keys(household) == 1
    assert await tend_keys(household) == 0
    keys = {key.kid: key for key in await world.store.keys.signing_keys("enterprise")}
    erased = keys[str(header(tokens["id_token"])["kid"])]
    assert not erased.sealed
    (event,) = await world.store.audit.latest("enterprise", limit=1)
    assert (event.type, event.details["kid"]) == (EventType.KEY_ERASED, erased.kid)
    await person.open(logout_url(rp, id_token_hint=tokens["id_token"], client_id=rp.client_id))
    assert person.page.status == 200
    assert states(keys.values(), 0)[erased.kid] is KeyState.GONE, "nor does it sign again"


# ---- seen by all before they are used -----------------------------------------------------------


@pytest.mark.both_engines
async def test_another_process_publishes_a_new_key_within_a_second(
    world: World, other: World
) -> None:
    async def shown() -> set[str]:
        async with other.http() as http:
            answer = await http.get(ENTERPRISE.endpoint("jwks"))
        return {key["kid"] for key in answer.json()["keys"]}

    await shown()
    (added,) = await rotate(world.store, MASTER_KEY, ENTERPRISE, [Algorithm.ES256], START)
    async with asyncio.timeout(1.5):
        while added.kid not in await shown():
            await asyncio.sleep(0.01)


@pytest.mark.both_engines
async def test_st_21_a_new_handle_key_fails_no_verification_anywhere(
    world: World, other: World
) -> None:
    """Of two processes one has not seen the key when it is made; both have when it is used."""
    here, there = RelyingParty(world=world), RelyingParty(world=other)
    await handles_of(other)
    added = await rotate_handle_key(world.store, MASTER_KEY, ENTERPRISE, START, LEAD)
    assert added is not None
    await until(lambda handles: 2 in handles.keys, world)
    # The other process may know nothing of it.
    for first, second in ((here, there), (there, here)):
        flow, response = await first.authorize(first.person(), scope=OFFLINE)
        tokens = (await second.redeem(flow, response["code"])).json()
        assert (await first.refresh(tokens["refresh_token"])).status_code == 200
    await until(lambda handles: 2 in handles.keys, other)
    world.clock.time += LEAD
    await until(lambda handles: handles.sealing == 2, world)
    for first, second in ((here, there), (there, here)):
        flow, response = await first.authorize(first.person(), scope=OFFLINE)
        tokens = (await second.redeem(flow, response["code"])).json()
        assert (await first.refresh(tokens["refresh_token"])).status_code == 200


async def test_st_21_what_was_sealed_before_is_good_for_as_long_as_it_would_have_been(
    world: World,
) -> None:
    """Codes, refresh tokens, sessions, pushed requests, open forms, addresses of pictures."""
    rp = RelyingParty(world=world)
    person, tokens = await signed_in_with_tokens(rp, scope=OFFLINE)
    waiting = await rp.person().open(rp.begin().url)
    picture = await picture_of(rp, tokens)
    added = await rotate_handle_key(world.store, MASTER_KEY, ENTERPRISE, START, 30)
    assert added is not None
    await until(lambda handles: 2 in handles.keys, world)
    world.clock.time += 29
    pushed = (await rp.push(rp.begin(prompt="none"))).json()["request_uri"]
    flow, response = await rp.authorize(person, scope=OFFLINE)
    world.clock.time += 1
    await until(lambda handles: handles.sealing == 2, world)
    assert (await rp.redeem(flow, response["code"])).status_code == 200
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200
    await person.open(rp.visit_of(pushed))
    assert "code=" in (person.left_to or "")
    await go_through(waiting)
    assert "code=" in (waiting.left_to or ""), "the form's own token is known"
    renewed = await picture_of(rp, (await rp.refresh(tokens["refresh_token"])).json())
    assert renewed != picture
    assert await drawn(world, renewed) == await drawn(world, picture)
    assert await drawn(world, f"{picture}x") != await drawn(world, picture)


async def picture_of(rp: RelyingParty, tokens: dict[str, str]) -> str:
    """Its address."""
    claims = (await rp.userinfo(tokens["access_token"])).json()
    return str(claims["picture"])


async def drawn(world: World, url: str) -> bytes:
    async with world.http() as http:
        return (await http.get(url)).content


# ---- a clock that was wrong -----------------------------------------------------------------------

TEN_YEARS = 3650 * DAY


@pytest.fixture
def watched(household: Household, world: World) -> Household:
    """The watch looks at the clock that the test moves; no other time goes on."""
    return replace(household, clockwatch=Clockwatch(world.clock, Steady()))


@pytest.mark.parametrize("job", [tend_keys, seal_all])
async def test_st_17_no_key_is_made_or_destroyed_and_nothing_sealed_by_a_clock_that_has_jumped(
    watched: Household, world: World, job: Callable[[Household], Awaitable[int]]
) -> None:
    await rotate(world.store, MASTER_KEY, ENTERPRISE, list(Algorithm), world.clock.time)
    keys = await world.store.keys.signing_keys("enterprise")
    world.clock.time += TEN_YEARS
    assert await job(watched) == 0
    assert await world.store.keys.signing_keys("enterprise") == keys
    assert await world.store.seals.latest("enterprise") is None


async def test_a_key_made_while_the_clock_was_ahead_keeps_no_other_from_its_turn(
    household: Household, world: World
) -> None:
    now = world.clock.time
    await rotate(world.store, MASTER_KEY, ENTERPRISE, list(Algorithm), now + TEN_YEARS)
    await rotate_handle_key(world.store, MASTER_KEY, ENTERPRISE, now + TEN_YEARS)
    added = await rotate(world.store, MASTER_KEY, ENTERPRISE, [Algorithm.ES256], now)
    assert [key.activates_at for key in added] == [now + PUBLICATION_LEAD]
    assert await rotate(world.store, MASTER_KEY, ENTERPRISE, [Algorithm.ES256], now) == []
    assert await rotate_handle_key(world.store, MASTER_KEY, ENTERPRISE, now)
    assert await rotate_handle_key(world.store, MASTER_KEY, ENTERPRISE, now) is None
    world.clock.time += 2 * ROTATION_PERIOD
    await tend_keys(household)
    lead = world.clock.time + PUBLICATION_LEAD
    made = await world.store.keys.signing_keys("enterprise")
    assert {key.algorithm for key in made if key.activates_at == lead} == set(Algorithm)
    handle_keys_made = await world.store.keys.handle_keys("enterprise")
    assert handle_keys_made[-1].created_at == world.clock.time


async def test_no_key_is_told_to_wait_longer_than_is_believed(world: World) -> None:
    with pytest.raises(ManagementError, match="within 30d"):
        await rotate(
            world.store, MASTER_KEY, ENTERPRISE, [Algorithm.ES256], START, LONGEST_LEAD + 1
        )


@pytest.mark.parametrize(("ahead", "believed"), [(DAY, False), (60, True), (-DAY, True)])
async def test_a_process_that_begins_compares_its_clock_with_what_was_noted(
    household: Household, world: World, ahead: int, believed: bool
) -> None:
    """What runs in doubt is not noted: it would vouch for the clock of whoever begins next."""
    noted = JobRun(name="looked", ran_at=world.clock.time, milliseconds=1, done=0)
    await world.store.jobs.save(noted)
    world.clock.time += ahead
    begun = replace(household, clockwatch=Clockwatch(world.clock, Steady()))
    runs: list[bool] = []
    twice = asyncio.Event()

    async def look(household: Household) -> int:
        runs.append(household.clockwatch.is_believed())
        if len(runs) == 2:
            twice.set()
        return 1

    job = Job(name="looked", seconds=0, run=look)
    keeping = asyncio.create_task(keep_house(begun, [job]))
    async with asyncio.timeout(5):
        await twice.wait()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert runs[:2] == [believed, believed]
    (found,) = await world.store.jobs.list()
    assert (found.ran_at != noted.ran_at) is believed
