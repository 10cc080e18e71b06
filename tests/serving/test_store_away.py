"""A database that is away: not yet there, lost in the middle, and back again."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ostiary.storage.source import PostgresqlSource
from tests.kit.postgresql import Cluster, query
from tests.kit.server import Site, free_port, move_to
from tests.kit.world import make_template
from tests.serving.conftest import Start
from tests.serving.relay import Relay
from tests.serving.visitors import Answer, ask, get, token_request
from tests.serving.waiting import refuses, until

SECONDS_TO_RECOVER = 5.0
SECONDS_TO_STOP = 5.0

pytestmark = pytest.mark.postgresql


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(database=tmp_path / "unused.db", port=free_port())


@pytest.fixture
async def relay(postgresql: Cluster) -> AsyncIterator[Relay]:
    made = Relay(free_port(), postgresql.port)
    yield made
    await made.close()


@pytest.fixture
def source(postgresql: Cluster, site: Site) -> PostgresqlSource:
    made = postgresql.make(make_template)
    query(made, "UPDATE signing_keys SET created_at = 1700000000")
    return made


def through(relay: Relay, source: PostgresqlSource) -> str:
    return re.sub(r":\d+/", f":{relay.port}/", source.url)


async def every_answer(site: Site) -> dict[str, Answer]:
    """To what nobody can answer without the database."""
    base = site.enterprise.base_path
    asked = {
        "token": token_request(site),
        "page": get(f"{base}/auth?client_id=web", f"localhost:{site.port}"),
        "home": get("/", f"localhost:{site.port}"),
        "unknown": get("/nothing/here", f"localhost:{site.port}"),
    }
    return {name: await ask(site.port, request) for name, request in asked.items()}


async def recovers(site: Site) -> None:
    began = time.monotonic()
    while (await ask(site.port, get("/readyz"))).status != 200:
        assert time.monotonic() - began < SECONDS_TO_RECOVER
        await asyncio.sleep(0.02)
    while (await ask(site.port, token_request(site))).status != 200:
        assert time.monotonic() - began < SECONDS_TO_RECOVER
        await asyncio.sleep(0.02)


async def is_away(site: Site) -> None:
    assert (await ask(site.port, get("/livez"))).status == 200
    assert (await ask(site.port, get("/readyz"))).status == 503
    for name, answer in (await every_answer(site)).items():
        assert answer.status == 503, name
        assert int(answer.headers["retry-after"]) >= 1, name


@pytest.mark.parametrize("workers", [1, 2])
async def test_st_09_a_database_that_is_away_at_the_start_is_waited_for(
    site: Site, start: Start, relay: Relay, source: PostgresqlSource, workers: int
) -> None:
    await asyncio.to_thread(move_to, site, source)
    settings = {"database.url": through(relay, source), "server.workers": workers}
    running = await asyncio.to_thread(start, None, settings, "/livez")
    await is_away(site)
    assert len(running.log("waiting for the database")) <= workers
    await relay.open()
    await recovers(site)
    assert running.server.process.poll() is None


@pytest.mark.parametrize("workers", [1, 2])
async def test_st_09_a_database_that_is_lost_in_the_middle_is_found_again(
    site: Site, start: Start, relay: Relay, source: PostgresqlSource, workers: int
) -> None:
    await asyncio.to_thread(move_to, site, source)
    await relay.open()
    settings = {"database.url": through(relay, source), "server.workers": workers}
    running = await asyncio.to_thread(start, None, settings)
    for _ in range(2):
        await recovers(site)
        await relay.close()
        began = time.monotonic()
        assert (await ask(site.port, token_request(site))).status in {200, 503}
        assert time.monotonic() - began < 1
        await asyncio.sleep(1.1)  # what is known of issuers is looked at again after a second
        await is_away(site)
        await relay.open()
    await recovers(site)
    assert running.server.process.poll() is None


async def test_what_came_late_and_must_not_be_served_ends_the_process(
    site: Site, start: Start, relay: Relay, source: PostgresqlSource
) -> None:
    """Its issuers are sandboxes, which the start could not see."""
    settings = {"database.url": through(relay, source)}
    running = await asyncio.to_thread(start, None, settings, "/livez")
    await relay.open()
    assert await asyncio.to_thread(running.server.process.wait, 20) == 7
    assert "not fit for production" in running.configuration.with_suffix(".log").read_text()


@pytest.mark.parametrize("workers", [1, 2])
async def test_st_25_a_database_that_says_nothing_does_not_hold_up_the_end(
    site: Site, start: Start, relay: Relay, source: PostgresqlSource, workers: int
) -> None:
    await asyncio.to_thread(move_to, site, source)
    await relay.open()
    settings = {"database.url": through(relay, source), "server.workers": workers}
    running = await asyncio.to_thread(start, None, settings)
    await recovers(site)
    relay.fall_silent()
    asked = [asyncio.create_task(ask(site.port, token_request(site))) for _ in range(4)]
    await asyncio.sleep(1.1)  # what is known of issuers is looked at again after a second
    asked += [asyncio.create_task(ask(site.port, token_request(site))) for _ in range(4)]
    await ask(site.port, get("/livez"))
    began = time.monotonic()
    running.server.process.terminate()
    await until(lambda: refuses(site.port), 1)
    await until(lambda: running.server.process.poll() is not None)
    assert time.monotonic() - began < SECONDS_TO_STOP
    assert running.server.process.returncode == 0
    await asyncio.gather(*asked, return_exceptions=True)


async def test_st_25_nor_one_that_said_nothing_from_the_start(
    site: Site, start: Start, relay: Relay, source: PostgresqlSource
) -> None:
    await relay.open()
    relay.fall_silent()
    settings = {"database.url": through(relay, source)}
    running = await asyncio.to_thread(start, None, settings, "/livez")
    began = time.monotonic()
    running.server.process.terminate()
    await until(lambda: running.server.process.poll() is not None)
    assert time.monotonic() - began < SECONDS_TO_STOP
    assert running.server.process.returncode == 0


async def test_a_database_that_says_nothing_is_not_waited_for_again_and_again(
    site: Site, start: Start, relay: Relay, source: PostgresqlSource
) -> None:
    await asyncio.to_thread(move_to, site, source)
    await relay.open()
    running = await asyncio.to_thread(start, None, {"database.url": through(relay, source)})
    await recovers(site)
    relay.fall_silent()
    await asyncio.sleep(1.1)  # what is known of issuers is looked at again after a second
    first = await asyncio.gather(*(ask(site.port, token_request(site)) for _ in range(4)))
    assert {each.status for each in first} == {503}
    over = time.monotonic() + 6
    while time.monotonic() < over:
        began = time.monotonic()
        answers = await asyncio.gather(*(ask(site.port, token_request(site)) for _ in range(16)))
        assert {each.status for each in answers} == {503}
        assert (await ask(site.port, get("/readyz"))).status == 503
        assert time.monotonic() - began < 1
        await asyncio.sleep(0.1)
    relay.speak()
    await recovers(site)
    assert running.server.process.poll() is None
