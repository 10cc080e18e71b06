"""The executor: what a change promises, to those in its batch, to other loops and to the disk."""

import asyncio
import fcntl
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from ostiary.storage import connections, sqlite
from ostiary.storage.connections import connect, lock_path
from ostiary.storage.database import Conflict, Row, Step, StoreUnavailable, Value
from ostiary.storage.sqlite import LARGEST_BATCH, LONGEST_LOG_PAGES, SqliteDatabase

MAKE = "CREATE TABLE things (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL) WITHOUT ROWID"
ADD = "INSERT INTO things (name, value) VALUES (:name, :value) RETURNING name, value"
GROW = "UPDATE things SET value = value + 1 WHERE name = :name RETURNING value"
ALL = "SELECT name, value FROM things ORDER BY name"
PATIENCE = 5.0
PAGE = 4120  # with its header in the log


def add(name: str, value: Value = 0) -> Step:
    return Step(ADD, {"name": name, "value": value})


def grow(name: str) -> Step:
    return Step(GROW, {"name": name})


@pytest.fixture(scope="session")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("things") / "things.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(MAKE)
        connection.commit()
    return path


@pytest.fixture
def path(things: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "things.db"
    shutil.copy(things, copy)
    return copy


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(path)
    yield opened
    opened.close()


def outside(path: Path) -> dict[str, int]:
    """What another process would find in the file."""
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute(ALL).fetchall())


@contextmanager
def another_process_writes(path: Path) -> Iterator[None]:
    """The turn is somebody else's, as it is while another process commits."""
    lock = os.open(lock_path(path), os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


async def in_one_batch(
    database: SqliteDatabase, *changes: tuple[Step, ...]
) -> list[Row | BaseException | None]:
    """The outcomes of changes that are sure to share one transaction."""
    commits: list[str] = []
    with another_process_writes(database.path):
        first = asyncio.create_task(database.change(add("the first keeps the writer busy")))
        while not database._queue.empty() or not first.get_stack():
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        tasks = [asyncio.create_task(database.change(*change)) for change in changes]
        await asyncio.sleep(0.02)
        database._writer.set_trace_callback(commits.append)
    await first
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    database._writer.set_trace_callback(None)
    assert commits.count("COMMIT") == 2, "the first, and all others together"
    return list(outcomes)


# ---- one change ---------------------------------------------------------------------------------


async def test_the_answer_is_the_first_row_of_the_first_step(database: SqliteDatabase) -> None:
    row = await database.change(add("a", 7), grow("a"))
    assert row is not None
    assert (row["name"], row["value"]) == ("a", 7)
    assert outside(database.path) == {"a": 8}


async def test_when_the_first_step_changes_nothing_no_other_runs(database: SqliteDatabase) -> None:
    await database.change(add("a"))
    assert await database.change(grow("nobody"), grow("a"), add("b")) is None
    assert outside(database.path) == {"a": 0}


async def test_a_later_step_that_changes_nothing_stops_nobody(database: SqliteDatabase) -> None:
    assert await database.change(add("a"), grow("nobody"), add("b")) is not None
    assert outside(database.path) == {"a": 0, "b": 0}


async def test_a_change_can_be_read_by_everybody_when_it_returns(database: SqliteDatabase) -> None:
    for number in range(20):
        await database.change(add(f"{number:02}", number))
        assert outside(database.path)[f"{number:02}"] == number
        assert len(await database.read_all(ALL, {})) == number + 1


async def test_read_one_gives_the_first_row_or_none(database: SqliteDatabase) -> None:
    assert await database.read_one(ALL, {}) is None
    await database.change(add("a"), add("b"))
    row = await database.read_one(ALL, {})
    assert row is not None
    assert row["name"] == "a"


async def test_a_read_leaves_nothing_open(database: SqliteDatabase) -> None:
    """An open read would keep the log from ever being emptied."""
    await database.change(add("a"), add("b"))
    await database.read_one(ALL, {})
    with closing(sqlite3.connect(database.path, timeout=0)) as connection:
        blocked, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert blocked == 0


async def test_reads_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(StoreUnavailable):
        await database.read_one(ADD, {"name": "a", "value": 1})
    assert outside(database.path) == {}


# ---- failures -----------------------------------------------------------------------------------


async def test_st_28_a_later_step_that_fails_undoes_the_earlier_ones(
    database: SqliteDatabase,
) -> None:
    await database.change(add("taken"))
    with pytest.raises(Conflict):
        await database.change(add("a"), grow("a"), add("taken"))
    assert outside(database.path) == {"taken": 0}


async def test_a_key_that_exists_is_a_conflict(database: SqliteDatabase) -> None:
    await database.change(add("a", 1))
    with pytest.raises(Conflict):
        await database.change(add("a", 2))
    assert outside(database.path) == {"a": 1}


@pytest.mark.parametrize(
    "broken",
    [
        Step("INSERT INTO nothing (name) VALUES (:name) RETURNING name", {"name": "x"}),
        Step(ADD, {"name": "x"}),
        Step("SELEC", {}),
    ],
    ids=["no such table", "a parameter is missing", "no statement"],
)
async def test_what_cannot_be_run_is_unavailable_and_changes_nothing(
    database: SqliteDatabase, broken: Step
) -> None:
    with pytest.raises(StoreUnavailable):
        await database.change(add("a"), broken)
    assert outside(database.path) == {}
    await database.change(add("b"))
    assert outside(database.path) == {"b": 0}


async def test_what_cannot_be_read_is_unavailable(database: SqliteDatabase) -> None:
    with pytest.raises(StoreUnavailable):
        await database.read_one("SELECT * FROM nothing", {})
    with pytest.raises(StoreUnavailable):
        await database.read_all("SELECT * FROM nothing", {})


@pytest.mark.parametrize("value", ["\ud800", 2**63], ids=["lone surrogate", "too large a number"])
@pytest.mark.parametrize("others", [(), (grow("b"),)], ids=["alone", "with another step"])
async def test_st_29_a_value_that_no_column_can_hold_is_refused_and_harms_nobody(
    database: SqliteDatabase, value: Value, others: tuple[Step, ...]
) -> None:
    unfit = add(value) if isinstance(value, str) else add("a", value)
    await database.change(add("b"))
    async with asyncio.timeout(2):
        with pytest.raises((StoreUnavailable, ValueError, OverflowError)):
            await database.change(unfit, *others)
        with pytest.raises((StoreUnavailable, ValueError, OverflowError)):
            await database.change(grow("b"), unfit)
        await database.change(add("c"))
    assert outside(database.path) == {"b": 0, "c": 0}


async def test_st_29_a_value_that_no_column_can_hold_does_not_undo_its_neighbours(
    database: SqliteDatabase,
) -> None:
    outcomes = await in_one_batch(
        database, (add("a"),), (add("\ud800"),), (grow("a"), add("b", 2**63)), (grow("a"),)
    )
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, True, False]
    assert outside(database.path)["a"] == 1
    assert "b" not in outside(database.path)


async def test_whatever_a_change_dies_of_the_writer_goes_on(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of what nobody has thought of."""

    def fail(*_: object) -> None:
        raise RuntimeError("nobody has thought of this")

    with monkeypatch.context() as patch:
        patch.setattr(database, "_restart_long_log", fail)
        async with asyncio.timeout(2):
            for _ in range(3):
                with pytest.raises(StoreUnavailable):
                    await database.change(add("a"))
    async with asyncio.timeout(2):
        await database.change(add("b"))
    assert outside(database.path) == {"b": 0}


async def test_st_29_a_value_that_no_column_can_hold_finds_nothing(
    database: SqliteDatabase,
) -> None:
    with pytest.raises((StoreUnavailable, ValueError)):
        await database.read_one("SELECT * FROM things WHERE name = :name", {"name": "\ud800"})


async def test_st_07_a_full_disk_is_unavailable_until_there_is_room(
    database: SqliteDatabase,
) -> None:
    await database.change(add("before"))
    pages = database._writer.execute("PRAGMA page_count").fetchone()[0]
    database._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable):
        await database.change(add("x" * 50_000))
    with pytest.raises(StoreUnavailable):
        await database.change(grow("before"), add("x" * 50_000))
    assert len(await database.read_all(ALL, {})) == 1, "what can be read is read"
    database._writer.execute("PRAGMA max_page_count = 100000")
    await database.change(add("after"))
    assert outside(database.path) == {"before": 0, "after": 0}


async def test_st_10_a_lock_that_is_held_too_long_is_unavailable_until_it_is_let_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_SECONDS", 0.05)
    database = SqliteDatabase(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(StoreUnavailable):
                await database.change(add("a"))
        assert await database.read_all(ALL, {}) == []
        other.execute("ROLLBACK")
        await database.change(add("b"))
    database.close()
    assert outside(path) == {"b": 0}


async def test_st_10_the_wait_for_another_process_is_bounded(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped in its turn (SIGSTOP, a frozen host) must not stop all others."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_SECONDS", 0.05)
    database = SqliteDatabase(path)
    try:
        with another_process_writes(path):
            async with asyncio.timeout(2):
                with pytest.raises(StoreUnavailable):
                    await database.change(add("a"))
            assert await database.read_all(ALL, {}) == [], "what can be read is read"
        await database.change(add("b"))
        assert outside(path) == {"b": 0}
    finally:
        database.close()


async def test_a_turn_that_is_not_too_long_is_waited_for(database: SqliteDatabase) -> None:
    with another_process_writes(database.path):
        task = asyncio.create_task(database.change(add("a")))
        await asyncio.sleep(0.2)
        assert not task.done()
        assert outside(database.path) == {}
    assert await task is not None
    assert outside(database.path) == {"a": 0}


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        SqliteDatabase(tmp_path / "no" / "folder" / "ostiary.db")
    (tmp_path / "text.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreUnavailable):
        SqliteDatabase(tmp_path / "text.db")


# ---- neighbours ---------------------------------------------------------------------------------


async def test_what_fails_does_not_undo_its_neighbours(database: SqliteDatabase) -> None:
    await database.change(add("taken", 1))
    outcomes = await in_one_batch(
        database,
        (add("a"),),
        (add("taken"),),
        (add("b"), add("c"), add("taken")),
        (grow("nobody"), add("d")),
        (add("e"), grow("a")),
        (Step("SELECT * FROM nothing", {}),),
        (grow("taken"),),
    )
    kinds = [outcome and type(outcome) for outcome in outcomes]
    row = sqlite3.Row
    assert kinds == [row, Conflict, Conflict, None, row, StoreUnavailable, row]
    found = outside(database.path)
    del found["the first keeps the writer busy"]
    assert found == {"a": 1, "e": 0, "taken": 2}


async def test_changes_of_a_batch_see_each_other_in_their_order(database: SqliteDatabase) -> None:
    outcomes = await in_one_batch(database, (add("a"),), *[(grow("a"),)] * 9)
    values = [outcome["value"] for outcome in outcomes if isinstance(outcome, sqlite3.Row)]
    assert values == list(range(10))


async def test_of_a_hundred_that_ask_at_once_one_gets_it(database: SqliteDatabase) -> None:
    await database.change(add("a"))
    take = Step(
        "UPDATE things SET value = 1 WHERE name = :name AND value = 0 RETURNING name", {"name": "a"}
    )
    rows = await asyncio.gather(*(database.change(take) for _ in range(100)))
    assert len([row for row in rows if row is not None]) == 1


async def test_more_than_a_batch_is_taken_in_several(database: SqliteDatabase) -> None:
    count = LARGEST_BATCH * 2 + 1
    commits: list[str] = []
    database._writer.set_trace_callback(commits.append)
    await asyncio.gather(*(database.change(add(f"{each:04}")) for each in range(count)))
    database._writer.set_trace_callback(None)
    assert len(outside(database.path)) == count
    assert 3 <= commits.count("COMMIT") <= count // 10, "waiting changes share a transaction"


async def test_who_no_longer_waits_disturbs_nobody(database: SqliteDatabase) -> None:
    with another_process_writes(database.path):
        tasks = [asyncio.create_task(database.change(add(name))) for name in "abc"]
        await asyncio.sleep(0.02)
        tasks[1].cancel()
    assert await tasks[0] is not None
    assert await tasks[2] is not None
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    assert outside(database.path) == dict.fromkeys("abc", 0)
    await database.change(add("d"))


# ---- several loops ------------------------------------------------------------------------------


def in_thread(run: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_every_loop_gets_its_own_answers(path: Path) -> None:
    database = SqliteDatabase(path)
    answers: dict[str, list[Value]] = {}

    async def work(name: str) -> None:
        await database.change(add(name))
        rows = await asyncio.gather(*(database.change(grow(name)) for _ in range(100)))
        answers[name] = [row["value"] for row in rows if row is not None]

    def run(name: str) -> None:
        asyncio.run(work(name))

    threads = [in_thread(lambda name=name: run(name)) for name in "abcd"]  # type: ignore[misc]
    for thread in threads:
        thread.join(PATIENCE)
    database.close()
    assert answers == {name: list(range(1, 101)) for name in "abcd"}


def test_a_loop_that_has_ended_does_not_harm_the_others(path: Path) -> None:
    database = SqliteDatabase(path)

    async def leave() -> None:
        task = asyncio.create_task(database.change(add("left behind")))
        await asyncio.sleep(0.02)
        task.cancel()

    async def stay() -> None:
        async with asyncio.timeout(PATIENCE):
            await database.change(add("stayed"))

    with another_process_writes(path):
        asyncio.run(leave())
    asyncio.run(stay())
    database.close()
    assert outside(path) == {"left behind": 0, "stayed": 0}


# ---- closing ------------------------------------------------------------------------------------


async def test_close_finishes_what_waits(path: Path) -> None:
    database = SqliteDatabase(path)
    count = LARGEST_BATCH + 44
    tasks = [asyncio.create_task(database.change(add(f"{each:04}"))) for each in range(count)]
    await asyncio.sleep(0)
    await asyncio.to_thread(database.close)
    async with asyncio.timeout(PATIENCE):
        assert None not in await asyncio.gather(*tasks)
    assert len(outside(path)) == count


async def test_close_leaves_no_thread_and_no_log(path: Path) -> None:
    before = set(threading.enumerate())
    database = SqliteDatabase(path)
    await database.change(add("a"))
    database.close()
    assert set(threading.enumerate()) <= before
    assert not path.with_name(path.name + "-wal").exists(), "the log has moved into the file"
    assert outside(path) == {"a": 0}


async def test_a_second_close_does_nothing(path: Path) -> None:
    database = SqliteDatabase(path)
    await database.change(add("a"))
    database.close()
    database.close()
    assert outside(path) == {"a": 0}


async def test_what_comes_after_close_is_unavailable_at_once(path: Path) -> None:
    database = SqliteDatabase(path)
    database.close()
    with pytest.raises(StoreUnavailable):
        await database.read_one(ALL, {})
    async with asyncio.timeout(2):
        with pytest.raises(StoreUnavailable):
            await database.change(add("a"))


# ---- durability ---------------------------------------------------------------------------------


def pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


async def test_every_connection_is_durable(database: SqliteDatabase) -> None:
    for connection in (database._reader, database._writer, connect(database.path)):
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "synchronous") == 2, "FULL"
    connection.close()


async def test_each_batch_is_flushed_before_it_is_answered(database: SqliteDatabase) -> None:
    log = database.path.with_name(database.path.name + "-wal")
    for number in range(5):
        before = log.stat().st_size if log.exists() else 0
        await database.change(add(str(number), number))
        copy = database.path.with_name(f"copy{number}.db")
        shutil.copy(database.path, copy)
        shutil.copy(log, copy.with_name(copy.name + "-wal"))
        assert str(number) in outside(copy), f"{before} bytes in the log before"


async def test_the_log_stays_small_under_steady_writing(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that only grows makes reads slow, and the next start after a kill long."""
    monkeypatch.setattr(sqlite, "LONGEST_LOG_PAGES", 100)
    await database.change(add("a"))
    log = database.path.with_name(database.path.name + "-wal")
    traced: list[str] = []
    database._writer.set_trace_callback(traced.append)
    began = time.monotonic()

    def is_enough() -> bool:
        passed = time.monotonic() - began
        return passed > 20 or (passed > 3 and traced.count("COMMIT") >= 2000)

    async def write() -> None:
        while not is_enough():
            await database.change(grow("a"))
            await database.read_one(ALL, {})

    await asyncio.gather(*(write() for _ in range(4)))
    database._writer.set_trace_callback(None)
    # A hundred pages, and what is written until the checkpoint's thread looks again.
    assert log.stat().st_size < traced.count("COMMIT") * PAGE // 2
    assert "PRAGMA wal_checkpoint(RESTART)" in traced


def test_the_longest_log_is_read_in_a_moment() -> None:
    assert LONGEST_LOG_PAGES * PAGE <= 17_000_000


async def test_whoever_reads_for_long_does_not_hold_up_the_writer(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a backup does, or an operator's shell: the log grows on meanwhile, and shrinks later."""
    monkeypatch.setattr(sqlite, "LONGEST_LOG_PAGES", 20)
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_SECONDS", 1.5)
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_SECONDS", 1.5)
    database = SqliteDatabase(path)
    await database.change(add("a"))
    longest = 0.0
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute(ALL).fetchall()
        ends = time.monotonic() + 1.2
        while time.monotonic() < ends:
            began = time.monotonic()
            await database.change(grow("a"))
            longest = max(longest, time.monotonic() - began)
        other.execute("ROLLBACK")
    database.close()
    if longest >= 1:
        pytest.fail(f"a change waited for {longest:.1f} s")


async def test_two_databases_on_one_file_take_turns(path: Path) -> None:
    both = SqliteDatabase(path), SqliteDatabase(path)
    await both[0].change(add("a"))
    rows = await asyncio.gather(*(both[each % 2].change(grow("a")) for each in range(200)))
    values = sorted(int(str(row["value"])) for row in rows if row is not None)
    assert values == list(range(1, 201))
    for database in both:
        with suppress(StoreUnavailable):
            database.close()
