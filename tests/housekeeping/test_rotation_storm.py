"""S6: keys rotated every second under load, and everything that was ever given out is verified.

Two processes share the database. Clients take the key set from one of them, and then a token from
the other; handles made by one are presented to the other.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import count

import jwt
import pytest

from ostiary.management.keys import rotate, rotate_handle_key
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.storage.source import Source
from tests.kit.relying_party import RelyingParty, header
from tests.kit.world import ENTERPRISE, MASTER_KEY, START, MovableClock, World, world_over

# Longer than other processes take to see a change.
LEAD = 2
OFFLINE = "openid profile offline_access"


class RealTime(MovableClock):
    """The clock of the tests, going on by itself."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def time(self) -> int:  # type: ignore[override]
        return START + int(time.monotonic() - self._began)


@pytest.fixture
async def worlds(source: Source) -> AsyncIterator[tuple[World, World]]:
    clock = RealTime()
    one, two = world_over(source, clock), world_over(source, clock)
    yield one, two
    await one.ostiary.close()
    await two.ostiary.close()


async def rotate_every_second(world: World, seconds: int) -> tuple[int, int]:
    """How many keys were added, and how many handle keys."""
    keys = handle_keys = 0
    for _ in range(seconds):
        now = world.clock.time
        algorithms = [Algorithm.ES256, Algorithm.EDDSA]
        keys += len(await rotate(world.store, MASTER_KEY, ENTERPRISE, algorithms, now, LEAD))
        added = await rotate_handle_key(world.store, MASTER_KEY, ENTERPRISE, now, LEAD)
        handle_keys += added is not None
        await asyncio.sleep(1)
    return keys, handle_keys


async def use(publisher: World, signer: World, stop: asyncio.Event, seen: set[str]) -> int:
    """Sign in, then refresh again and again, at one process and the other in turn."""
    issuing, verifying = RelyingParty(world=signer), RelyingParty(world=publisher)
    tokens = await issuing.tokens(scope=OFFLINE)
    for turn in count():
        if stop.is_set():
            return turn
        async with publisher.http() as http:
            published = jwt.PyJWKSet.from_dict((await http.get(ENTERPRISE.endpoint("jwks"))).json())
        answer = await issuing.refresh(tokens["refresh_token"])
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        access_token = tokens["access_token"]
        kid = str(header(access_token)["kid"])
        seen.add(kid)
        jwt.PyJWS().decode(access_token, published[kid].key, ["ES256"])
        assert (await verifying.userinfo(access_token)).status_code == 200
        issuing, verifying = verifying, issuing
        await asyncio.sleep(0.01)
    raise AssertionError


async def storm(worlds: tuple[World, World], seconds: int) -> tuple[int, int]:
    one, two = worlds
    stop, seen = asyncio.Event(), set[str]()
    users = [
        asyncio.create_task(use(*pair, stop, seen))
        for pair in ((one, two), (two, one), (one, two), (one, one))
    ]
    added = await rotate_every_second(one, seconds)
    stop.set()
    turns = await asyncio.gather(*users)
    assert min(turns) >= seconds
    assert len(seen) >= seconds / (LEAD + 1) - 1, "the keys did change"
    return added


@pytest.mark.both_engines
async def test_s6_keys_rotated_every_second_fail_no_verification(
    worlds: tuple[World, World],
) -> None:
    keys, handle_keys = await storm(worlds, 5)
    assert min(keys, handle_keys) >= 2


@pytest.mark.faults
@pytest.mark.both_engines
async def test_s6_keys_rotated_every_second_for_a_minute(worlds: tuple[World, World]) -> None:
    keys, handle_keys = await storm(worlds, 60)
    assert min(keys, handle_keys) >= 15
