"""How often the store is asked what an issuer is, and what holds while it cannot be asked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace

import httpx2
import pytest

from ostiary.provider import served
from ostiary.storage.database import Database, Row, Step, StoreUnavailable, Value
from tests.kit.world import ENTERPRISE, SECRET, MovableClock, World, an_event, world_with

WELL_KNOWN = "/.well-known/openid-configuration"


class WatchedDatabase:
    """Can be away; notes what is read, and holds it back while `answers` is not set."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.is_away = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.reads: list[str] = []

    def close(self) -> None:
        self._inner.close()

    def connections(self) -> Mapping[str, int]:
        return self._inner.connections()

    async def check_ready(self) -> None:
        await self._reach("")

    async def read_one(self, statement: str, parameters: Mapping[str, Value]) -> Row | None:
        await self._reach(statement)
        return await self._inner.read_one(statement, parameters)

    async def read_all(self, statement: str, parameters: Mapping[str, Value]) -> Sequence[Row]:
        await self._reach(statement)
        return await self._inner.read_all(statement, parameters)

    async def change(self, first: Step, *others: Step) -> Row | None:
        await self._reach("")
        return await self._inner.change(first, *others)

    async def _reach(self, statement: str) -> None:
        self.reads.append(statement)
        await self.answers.wait()
        if self.is_away:
            raise StoreUnavailable("away")


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    """The steady clock, moved by the test."""
    made = Seconds()
    monkeypatch.setattr(served, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


@pytest.fixture
def database(world: World) -> WatchedDatabase:
    return WatchedDatabase(world.store.database)


@pytest.fixture
def watched(database: WatchedDatabase, world: World) -> World:
    return world_with(database, MovableClock())


async def token(http: httpx2.AsyncClient) -> int:
    answer = await http.post(
        ENTERPRISE.endpoint("token"),
        data={"grant_type": "client_credentials"},
        auth=("service", SECRET),
    )
    return answer.status_code


async def test_no_tokens_a_second_after_the_store_could_last_be_asked(
    watched: World, database: WatchedDatabase, seconds: Seconds
) -> None:
    """S5: a client disabled elsewhere is known to be so within a second, or nobody gets any."""
    async with watched.http() as http:
        assert await token(http) == 200
        database.is_away = True
        for _ in range(40):
            seconds.now += 0.25
            if seconds.now > 1001:
                assert await token(http) == 503
        database.is_away = False
        assert await token(http) == 200


async def test_public_documents_are_served_while_the_store_is_away(
    watched: World, database: WatchedDatabase, seconds: Seconds
) -> None:
    async with watched.http() as http:
        before = [(await http.get(at)).content for at in (WELL_KNOWN, ENTERPRISE.endpoint("jwks"))]
        database.is_away = True
        for _ in range(5):
            seconds.now += 0.6
            for at, content in zip((WELL_KNOWN, ENTERPRISE.endpoint("jwks")), before, strict=True):
                answer = await http.get(at)
                assert (answer.status_code, answer.content) == (200, content)


async def test_one_looks_for_all_who_wait(
    watched: World, database: WatchedDatabase, seconds: Seconds
) -> None:
    async with watched.http() as http:
        assert (await http.get(WELL_KNOWN)).status_code == 200
        seconds.now += 2
        database.reads.clear()
        database.answers.clear()
        asked = [asyncio.create_task(http.get(WELL_KNOWN)) for _ in range(20)]
        leaver = asyncio.create_task(http.get(WELL_KNOWN))
        while not database.reads:
            await asyncio.sleep(0)
        leaver.cancel()
        database.answers.set()
        assert {(await each).status_code for each in asked} == {200}
        assert len(database.reads) == 1


async def test_a_look_that_fails_is_told_to_all_who_wait(
    watched: World, database: WatchedDatabase, seconds: Seconds
) -> None:
    async with watched.http() as http:
        assert await token(http) == 200
        seconds.now += 2
        database.reads.clear()
        database.answers.clear()
        database.is_away = True
        asked = [asyncio.create_task(token(http)) for _ in range(20)]
        for _ in range(1000):
            await asyncio.sleep(0)
        database.answers.set()
        assert {await each for each in asked} == {503}
        looks = [each for each in database.reads if "version" in each]
        assert len(looks) == 1


async def test_an_unknown_host_is_looked_up_once_a_second(
    watched: World, database: WatchedDatabase, seconds: Seconds
) -> None:
    headers = {"host": "nobody.example"}
    async with watched.http() as http:
        for _ in range(10):
            assert (await http.get("/auth", headers=headers)).status_code == 421
        assert len(database.reads) == 1
        seconds.now += 1
        assert (await http.get("/auth", headers=headers)).status_code == 421
        assert len(database.reads) == 2


async def test_hosts_are_remembered_in_a_bounded_number(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "MOST_HOSTS", 10)
    async with watched.http() as http:
        for number in range(50):
            headers = {"host": f"nobody-{number}.example"}
            assert (await http.get("/", headers=headers)).status_code == 421
    # The edge keeps its issuers to itself; those of the deliveries are the same.
    issuers = watched.ostiary.logout_delivery._issuers
    assert len(issuers._hosts) == 10


@pytest.mark.parametrize("path", ["/static/none.css", "/theme/1f4e79.css"])
async def test_what_is_the_same_for_all_hosts_costs_no_read(
    watched: World, database: WatchedDatabase, path: str
) -> None:
    database.is_away = True
    async with watched.http() as http:
        for host in ("localhost:9400", "nobody.example"):
            answer = await http.get(path, headers={"host": host})
            assert answer.status_code == (200 if "theme" in path else 404)
    assert database.reads == []


async def test_who_moves_away_from_a_host_that_is_still_remembered_is_not_found_there(
    watched: World, world: World, seconds: Seconds
) -> None:
    async with watched.http() as http:
        for _ in range(2):
            assert (await http.get(WELL_KNOWN)).status_code == 200
            seconds.now += 1
        seconds.now -= 0.5
        await http.get("/nothing/here")  # looks the host up, half a second after the issuer
        moved = replace(ENTERPRISE, url="http://moved.localhost:9400")
        await world.store.issuers.save(moved, an_event())
        seconds.now += 0.6
        assert (await http.get(WELL_KNOWN)).status_code == 421
        seconds.now += 5
        assert (await http.get(WELL_KNOWN)).status_code == 421
