"""The start: several at once over nothing at all, and what workers do not share."""

import asyncio
import os
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ostiary.serving.generation import Gate
from ostiary.serving.readiness import ProcessState, Readiness
from ostiary.storage.schema import HEAD, schema_version
from ostiary.storage.source import PostgresqlSource, Source
from tests.kit.server import Server, Site, free_port, start_server
from tests.kit.world import ENTERPRISE, World
from tests.serving.conftest import Start
from tests.serving.visitors import ask, get, token_request

# The part of a request's id that is its process's own.
PREFIX = 12


@pytest.fixture
def empty(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """A database with nothing in it, not even a schema."""
    if engine == "postgresql":
        made: PostgresqlSource = request.getfixturevalue("postgresql").make()
        return made
    return tmp_path / "empty.db"


def test_st_13_four_that_start_at_once_over_an_empty_database_all_serve(
    empty: Source, tmp_path: Path
) -> None:
    given: dict[str, object] = {"log.level": "info"}
    if isinstance(empty, PostgresqlSource):
        given["database.url"] = empty.url
    site = Site(database=tmp_path / "empty.db", port=free_port())

    def begin(port: int) -> Server:
        return start_server(site, port, settings=given)

    with ThreadPoolExecutor(4) as threads:
        servers = [*threads.map(begin, [free_port() for _ in range(4)])]
    try:
        assert schema_version(empty) == HEAD
        for server in servers:
            answer = asyncio.run(ask(server.port, get("/readyz")))
            assert answer.status == 200
    finally:
        for server in servers:
            server.stop()


async def test_st_13_nothing_is_asked_of_a_store_whose_schema_nobody_has_looked_at(
    world: World,
) -> None:
    """Not even once the database has come: another process may be changing it."""
    readiness = Readiness(
        process=ProcessState(), store=world.store, clock=world.clock, prepared=False
    )
    gated = replace(
        world,
        ostiary=replace(world.ostiary, application=Gate(world.ostiary.application, readiness)),
    )
    path = f"{ENTERPRISE.base_path}/jwks"
    async with gated.http() as http:
        answer = await http.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert not await readiness.is_ready()
        readiness.prepared = True
        assert (await http.get(path)).status_code == 200
        assert await readiness.is_ready()


async def test_st_24_workers_share_no_random_value(site: Site, start: Start) -> None:
    """Requests have the prefix of the process that answered, references are random."""
    running = start(settings={"server.workers": 2})
    victim = running.workers()[0]
    refused = token_request(site).replace(b"Basic ", b"Basic x")
    references, processes = await _references(site, refused, processes=2)
    # A fork that comes later begins where the first ones began.
    os.kill(victim, signal.SIGKILL)
    while victim in running.workers():
        await asyncio.sleep(0.02)
    later, others = await _references(site, refused, processes=2)
    assert len(set(references + later)) == len(references + later)
    assert len(processes | others) == 3


async def test_st_24_the_tokens_of_two_workers_differ(site: Site, start: Start) -> None:
    start(settings={"server.workers": 2})
    answers = await asyncio.gather(*(ask(site.port, token_request(site)) for _ in range(40)))
    bodies = {answer.body for answer in answers}
    assert len(bodies) == 40
    with closing(sqlite3.connect(site.database)) as connection:
        (keys,) = connection.execute("SELECT COUNT(DISTINCT kid) FROM signing_keys").fetchone()
    assert keys >= 1


async def _references(site: Site, request: bytes, *, processes: int) -> tuple[list[str], set[str]]:
    """Of refused requests, asked until so many processes have answered."""
    references: list[str] = []
    answered: set[str] = set()
    while len(answered) < processes or len(references) < 100:
        for answer in await asyncio.gather(*(ask(site.port, request) for _ in range(20))):
            references.append(answer.headers["ostiary-reference"])
            answered.add(answer.headers["x-request-id"][:PREFIX])
    return references, answered
