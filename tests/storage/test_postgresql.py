"""PostgreSQL's executor: what a change promises, what is bounded, and what becomes of a lost server."""

import asyncio
import re
import time
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from socket import create_server

import asyncpg
import pytest

from ostiary.storage.database import Conflict, Step, StoreUnavailable
from ostiary.storage.postgresql import connecting, engine
from ostiary.storage.postgresql.engine import PostgresqlDatabase
from ostiary.storage.postgresql.failures import UnfitValue
from ostiary.storage.source import PostgresqlSource
from tests.kit.postgresql import ROLE, Cluster, query, restore
from tests.kit.server import free_port

pytestmark = pytest.mark.postgresql

ADD = "INSERT INTO things (name, value) VALUES (:name, :value) RETURNING name, value"
GROW = "UPDATE things SET value = value + 1 WHERE name = :name RETURNING value"
ALL = "SELECT name, value FROM things ORDER BY name"
SLEEP = "SELECT pg_sleep(CAST(:milliseconds AS integer) / 1000.0) AS slept, 1 AS one"
PATIENCE = 5.0


def add(name: str, value: int = 0) -> Step:
    return Step(ADD, {"name": name, "value": value})


def grow(name: str, *, required: bool = False) -> Step:
    return Step(GROW, {"name": name}, required)


def make_things(source: PostgresqlSource) -> None:
    query(source, "CREATE TABLE things (name TEXT PRIMARY KEY, value BIGINT NOT NULL)")
    query(source, f"ALTER TABLE things OWNER TO {ROLE}")


@pytest.fixture(scope="session")
def things(postgresql: Cluster) -> PostgresqlSource:
    return postgresql.make(make_things)


@pytest.fixture
def source(things: PostgresqlSource) -> PostgresqlSource:
    restore(things)
    return replace(things, connections=4, statement_timeout=1.0)


@asynccontextmanager
async def opened(source: PostgresqlSource, **changes: object) -> AsyncIterator[PostgresqlDatabase]:
    database = PostgresqlDatabase(replace(source, **changes))  # type: ignore[arg-type]
    yield database
    database.close()


@pytest.fixture
async def database(source: PostgresqlSource) -> AsyncIterator[PostgresqlDatabase]:
    async with opened(source) as made:
        yield made


def outside(source: PostgresqlSource) -> dict[str, int]:
    return {row["name"]: row["value"] for row in query(source, ALL)}


@asynccontextmanager
async def locked(source: PostgresqlSource, name: str) -> AsyncIterator[None]:
    """Somebody else is in the middle of changing this row."""
    connection = await asyncpg.connect(source.url)
    try:
        await connection.execute("BEGIN")
        await connection.fetch("SELECT 1 FROM things WHERE name = $1 FOR UPDATE", name)
        yield
    finally:
        await connection.close()


# ---- one change ---------------------------------------------------------------------------------


async def test_the_answer_is_the_first_row_of_the_first_step(
    database: PostgresqlDatabase, source: PostgresqlSource
) -> None:
    row = await database.change(add("a", 7), grow("a"))
    assert row is not None
    assert (row["name"], row["value"]) == ("a", 7)
    assert outside(source) == {"a": 8}


async def test_when_the_first_step_changes_nothing_no_other_runs(
    database: PostgresqlDatabase, source: PostgresqlSource
) -> None:
    await database.change(add("a"))
    assert await database.change(grow("nobody"), grow("a"), add("b")) is None
    assert await database.change(grow("nobody")) is None
    assert outside(source) == {"a": 0}


async def test_a_required_step_that_changes_nothing_undoes_all_another_stops_nobody(
    database: PostgresqlDatabase, source: PostgresqlSource
) -> None:
    assert await database.change(add("a"), grow("nobody"), add("b")) is not None
    assert await database.change(grow("a"), grow("nobody", required=True), add("c")) is None
    assert outside(source) == {"a": 0, "b": 0}


async def test_st_28_a_conflict_in_a_later_step_undoes_the_first_and_shows_no_row(
    database: PostgresqlDatabase, source: PostgresqlSource
) -> None:
    await database.change(add("a"))
    with pytest.raises(Conflict) as caught:
        await database.change(grow("a"), add("a"))
    assert "(a)" not in str(caught.value)
    assert outside(source) == {"a": 0}
    assert await database.change(grow("a")) is not None


async def test_a_value_that_no_column_takes_is_a_defect_and_costs_no_connection(
    database: PostgresqlDatabase,
) -> None:
    await database.change(add("a"))
    before = backends(database.source)
    for value in ("\0", "\ud800", 1 << 70):
        with pytest.raises(UnfitValue):
            await database.change(Step(ADD, {"name": "b", "value": value}))
        with pytest.raises(UnfitValue):
            await database.change(grow("a"), Step(ADD, {"name": "b", "value": value}))
    assert (await database.read_all(ALL, {}))[0]["value"] == 0
    assert backends(database.source) == before


@pytest.mark.parametrize("parameters", [{"value": "guarded"}, {"name": "guarded\0", "value": 0}])
async def test_a_value_that_no_column_takes_is_in_no_traceback(
    database: PostgresqlDatabase, parameters: dict[str, str | int]
) -> None:
    with pytest.raises(UnfitValue) as caught:
        await database.change(Step(ADD, {"name": "b", **parameters}))
    assert "guarded" not in "".join(traceback.format_exception(caught.value))


def backends(source: PostgresqlSource) -> set[int]:
    """The program's connections, as the server counts them."""
    found = query(
        source,
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = $1",
        ROLE,
    )
    return {row["pid"] for row in found}


# ---- bounded ------------------------------------------------------------------------------------


@pytest.mark.parametrize("connections", [1, 3])
async def test_no_more_connections_are_made_than_allowed_and_who_waits_is_served_in_turn(
    source: PostgresqlSource, connections: int
) -> None:
    done: list[int] = []
    async with opened(source, connections=connections, statement_timeout=PATIENCE) as database:

        async def ask(number: int) -> None:
            await database.read_one(SLEEP, {"milliseconds": 10})
            done.append(number)

        await asyncio.gather(*(ask(number) for number in range(20)))
        assert len(backends(source)) == connections
    assert sorted(done) == list(range(20))
    assert connections > 1 or done == sorted(done)


async def test_st_10_a_lock_that_is_held_too_long_is_unavailable_until_it_is_let_go(
    database: PostgresqlDatabase, source: PostgresqlSource
) -> None:
    await database.change(add("a"))
    before, began = backends(source), time.monotonic()
    async with locked(source, "a"):
        with pytest.raises(StoreUnavailable, match="statement timeout"):
            await database.change(grow("a"))
        with pytest.raises(StoreUnavailable, match="statement timeout"):
            await database.change(add("b"), grow("a"))
    assert time.monotonic() - began < PATIENCE
    assert await database.change(grow("a")) is not None
    assert outside(source) == {"a": 1}
    assert backends(source) == before, "a slow statement costs no connection"


async def test_st_10_who_gets_no_connection_in_time_is_told_so(source: PostgresqlSource) -> None:
    async with (
        opened(source, connections=1, statement_timeout=0.3) as database,
        locked(source, "a"),
    ):
        query(source, "INSERT INTO things VALUES ('a', 0)")
        async with locked(source, "a"):
            holding = asyncio.create_task(database.change(grow("a")))
            await asyncio.sleep(0)
            waiting = [asyncio.create_task(database.read_all(ALL, {})) for _ in range(20)]
            outcomes = await asyncio.gather(holding, *waiting, return_exceptions=True)
        assert isinstance(outcomes[0], StoreUnavailable)
        told = [each for each in outcomes[1:] if isinstance(each, StoreUnavailable)]
        assert all("connections to the database are in use" in str(each) for each in told)
        assert len(await database.read_all(ALL, {})) == 1


async def test_st_10_of_two_that_wait_for_each_other_one_is_made_again(
    database: PostgresqlDatabase, source: PostgresqlSource
) -> None:
    await database.change(add("a"), add("b"))
    pause = Step(SLEEP, {"milliseconds": 100})
    done = await asyncio.gather(
        database.change(grow("a"), pause, grow("b")), database.change(grow("b"), pause, grow("a"))
    )
    assert all(done)
    assert outside(source) == {"a": 2, "b": 2}


async def test_st_10_what_is_undone_again_and_again_is_given_up(
    database: PostgresqlDatabase, source: PostgresqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(
        source,
        "CREATE FUNCTION conflict() RETURNS text LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE serialization_failure; END $$",
    )
    try:
        with pytest.raises(StoreUnavailable):
            await database.change(add("a"), Step("SELECT conflict() AS never", {}))
        assert outside(source) == {}
    finally:
        query(source, "DROP FUNCTION conflict()")


async def test_who_stops_waiting_takes_no_connection_along(source: PostgresqlSource) -> None:
    async with opened(source, connections=1) as database:
        for seconds in (0.0, 0.05):
            task = asyncio.create_task(database.read_one(SLEEP, {"milliseconds": 500}))
            await asyncio.sleep(seconds)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await database.read_one(SLEEP, {"milliseconds": 0}) is not None


def test_commands_may_ask_from_one_loop_after_another(source: PostgresqlSource) -> None:
    database = PostgresqlDatabase(source)

    async def ask(name: str) -> None:
        assert await database.change(add(name)) is not None
        assert database._pool is not None
        # A loop that ends takes its connections along, sooner or later: here at once.
        for connection in database._pool._idle:
            connection.driver._transport.abort()  # type: ignore[attr-defined]

    for name in ("first", "second", "third"):
        asyncio.run(ask(name))
    database.close()
    with pytest.raises(StoreUnavailable):
        asyncio.run(database.read_all(ALL, {}))


# ---- a server that is lost ----------------------------------------------------------------------


class Way:
    """A way to the server which can lose an answer, or everything from some moment on."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.open = True
        self.port = 0
        # Of how many answers the last one is lost; 0 of none.
        self.loses = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def close(self, server: asyncio.Server) -> None:
        server.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            await asyncio.gather(self._pour(reader, back), self._pour(there, writer, answers=True))
        finally:
            back.close()
            writer.close()

    async def _pour(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        while data := await reader.read(65_536):
            self.loses -= answers
            if answers and self.loses == 0:
                writer.transport.abort()
            elif self.open:
                writer.write(data)
        writer.close()


@pytest.fixture
async def way(postgresql: Cluster) -> AsyncIterator[Way]:
    made = Way(postgresql.port)
    server = await made.start()
    yield made
    await made.close(server)


def through(source: PostgresqlSource, way: Way) -> PostgresqlSource:
    return replace(source, url=re.sub(r":\d+/", f":{way.port}/", source.url))


@pytest.mark.parametrize(
    ("change", "answers"),
    [((grow("a"),), 1), ((grow("a"), grow("a"), grow("nobody")), 5)],
    ids=["one statement", "a transaction"],
)
async def test_st_06_a_change_whose_answer_is_lost_is_never_made_again(
    source: PostgresqlSource, way: Way, change: tuple[Step, ...], answers: int
) -> None:
    async with opened(through(source, way)) as database:
        await database.change(add("a"))
        await database.change(*change)  # from here on its statements are prepared
        before = outside(source)["a"]
        way.loses = answers
        with pytest.raises(StoreUnavailable):
            await database.change(*change)
        made_once = before + len([step for step in change if step.parameters["name"] == "a"])
        assert outside(source) == {"a": made_once}
        assert await database.change(grow("a")) is not None


async def test_a_read_whose_answer_is_lost_is_made_again(
    source: PostgresqlSource, way: Way
) -> None:
    async with opened(through(source, way)) as database:
        await database.change(add("a"))
        await database.read_all(ALL, {})
        way.loses = 1
        assert len(await database.read_all(ALL, {})) == 1


async def test_a_network_that_swallows_everything_is_given_up_in_time(
    source: PostgresqlSource, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(connecting, "CONNECT_TIMEOUT_SECONDS", 0.3)
    async with opened(through(source, way), statement_timeout=0.3) as database:
        await database.change(add("a"))
        way.open = False
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await database.change(grow("a"))
        with pytest.raises(StoreUnavailable):
            await database.read_all(ALL, {})
        assert time.monotonic() - began < PATIENCE
        way.open = True
        assert await eventually(database)


async def eventually(database: PostgresqlDatabase) -> bool:
    """As requests do that come again and again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await database.change(grow("a")) is not None
            except StoreUnavailable:
                await asyncio.sleep(0.02)


async def test_connections_that_the_server_has_ended_are_replaced(
    database: PostgresqlDatabase, source: PostgresqlSource
) -> None:
    await database.change(add("a"))
    await asyncio.gather(*(database.read_one(SLEEP, {"milliseconds": 20}) for _ in range(4)))
    for pid in backends(source):
        query(source, "SELECT pg_terminate_backend($1, 5000)", pid)
    assert len(await database.read_all(ALL, {})) == 1
    assert await database.change(grow("a")) is not None


# ---- hosts --------------------------------------------------------------------------------------


@contextmanager
def nobody_home() -> Iterator[int]:
    """A port where connections are taken, and nothing is ever said."""
    with closing(create_server(("127.0.0.1", 0))) as listening:
        yield listening.getsockname()[1]


async def test_hosts_that_are_down_or_silent_do_not_keep_from_the_next(
    source: PostgresqlSource, postgresql: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CONNECT_TIMEOUT_SECONDS", 0.3)
    with nobody_home() as silent:
        hosts = f"127.0.0.1:{free_port()},127.0.0.1:{silent},127.0.0.1:{postgresql.port}"
        several = re.sub(r"127\.0\.0\.1:\d+", hosts, source.url)
        async with opened(source, url=several) as database:
            await database.change(add("a"))
            began = time.monotonic()
            await asyncio.gather(
                *(database.read_one(SLEEP, {"milliseconds": 10}) for _ in range(4))
            )
            assert time.monotonic() - began < 0.3, "the host that answered comes first"


async def test_a_host_that_cannot_be_written_is_not_spoken_to(
    source: PostgresqlSource, postgresql: Cluster
) -> None:
    name = source.url.rpartition("/")[2]
    postgresql.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        async with opened(source) as database:
            with pytest.raises(StoreUnavailable, match="can only be read, not written"):
                await database.read_all(ALL, {})
    finally:
        postgresql.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


async def test_a_server_that_becomes_one_to_read_is_not_ready(
    database: PostgresqlDatabase, source: PostgresqlSource
) -> None:
    await database.check_ready()
    assert database._pool is not None
    (held,) = database._pool._idle
    await held.driver.execute("SET default_transaction_read_only = on")
    with pytest.raises(StoreUnavailable, match="read"):
        await database.check_ready()
    with pytest.raises(StoreUnavailable, match="read-only"):
        await database.change(add("a"))
    assert await database.change(add("a")) is not None, "over a connection of its own"


SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ostiary:{SECRET}@127.0.0.1:1/x",
        f"postgresql://ostiary:{SECRET}@127.0.0.1:1,127.0.0.1:2/x",
        f"postgresql://ostiary:{SECRET}/@127.0.0.1:1/x",
        f"postgresql://ostiary:{SECRET}?@127.0.0.1:1/x",
        f"postgresql://ostiary:1{SECRET}#@127.0.0.1:1/x",
        f"postgresql://ostiary:{SECRET}@127.0.0.1:port/x",
        f"postgresql://ostiary:[{SECRET}@127.0.0.1/x",
        f"postgresql://127.0.0.1:1/x?user=ostiary&password={SECRET}",
        f"postgresql://127.0.0.1:1/x?user=ostiary&password=a@{SECRET}",
        f"postgresql://ostiary:{SECRET}@127.0.0.1:1/x?sslmode={SECRET}",
    ],
)
async def test_no_error_and_no_name_of_the_database_shows_the_password(url: str) -> None:
    source = PostgresqlSource(url=url)
    assert SECRET not in str(source)
    async with opened(source) as database:
        with pytest.raises(StoreUnavailable) as caught:
            await database.read_all(ALL, {})
    assert SECRET not in str(caught.value)


def test_a_change_is_made_a_few_times_at_most() -> None:
    assert 1 < engine.MOST_ATTEMPTS <= 5
