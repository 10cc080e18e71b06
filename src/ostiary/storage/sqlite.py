"""SQLite: reads on the spot, writes through one thread that commits waiting changes together.

A commit with synchronous=FULL costs one flush of the disk, however many changes it carries, so
durability costs little under load. Several processes may share the file: each takes a file lock
before its transaction, because SQLite's own waiting backs off in long, unfair steps.
"""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from ostiary.storage.connections import (
    BUSY_TIMEOUT_SECONDS,
    connect,
    lock_path,
    writing_connection,
)
from ostiary.storage.database import Conflict, Row, Step, StoreUnavailable, Value

LARGEST_BATCH = 256
# A change that comes within this time of the last commit waits as long for company: under load it
# shares a flush with others. One client that writes on end pays a millisecond for it each time.
GATHERING_SECONDS = 0.001
CHECKPOINT_INTERVAL_SECONDS = 0.2
# Under steady writing the log would grow for ever: from this size on the writer starts it anew.
LONGEST_LOG_PAGES = 4096


class _NotDone(Exception):
    """A required step returned no row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A change in the writer's queue, and who waits for it."""

    steps: tuple[Step, ...]
    future: "asyncio.Future[Row | None]"
    loop: asyncio.AbstractEventLoop


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    waiting: _Waiting
    row: Row | None = None
    error: Exception | None = None

    def deliver(self) -> None:
        if self.waiting.future.cancelled():
            return
        if self.error is not None:
            self.waiting.future.set_exception(self.error)
        else:
            self.waiting.future.set_result(self.row)


class SqliteDatabase:
    """One file. Reads belong to the thread that made this object; changes come from its loop."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        try:
            self._reader = connect(path)
            self._writer = writing_connection(path)
            self._checkpointer = connect(path)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"cannot open {path}: {error}") from error
        self._reader.execute("PRAGMA query_only = ON")
        self._lock = os.open(lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._written = threading.Event()
        self._closing = threading.Event()
        self._log_is_long = threading.Event()
        self._threads = (
            threading.Thread(target=self._write_batches, name="ostiary-writer", daemon=True),
            threading.Thread(target=self._checkpoint, name="ostiary-checkpoint", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Finish what waits, then let go of the file."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._queue.put(None)
        self._written.set()
        for thread in self._threads:
            thread.join()
        self._reader.close()
        self._writer.close()
        os.close(self._lock)

    def can_write(self) -> bool:
        """Whether the writer's thread is there."""
        return self._threads[0].is_alive()

    def connections(self) -> Mapping[str, int]:
        return {}

    async def check_ready(self) -> None:
        if not self.can_write():
            raise StoreUnavailable("the writer has stopped")
        await self.read_one("SELECT 1 AS one", {})

    async def read_one(self, statement: str, parameters: Mapping[str, Value]) -> Row | None:
        try:
            row: Row | None = self._reader.execute(statement, parameters).fetchone()
        except sqlite3.Error as error:
            raise StoreUnavailable(str(error)) from error
        return row

    async def read_all(self, statement: str, parameters: Mapping[str, Value]) -> list[Row]:
        try:
            return list(self._reader.execute(statement, parameters).fetchall())
        except sqlite3.Error as error:
            raise StoreUnavailable(str(error)) from error

    async def change(self, first: Step, *others: Step) -> Row | None:
        if self._closing.is_set() or not self.can_write():
            raise StoreUnavailable("the database has been closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Row | None] = loop.create_future()
        self._queue.put(_Waiting(steps=(first, *others), future=future, loop=loop))
        return await future

    def _write_batches(self) -> None:
        committed_at = 0.0
        while (waiting := self._queue.get()) is not None:
            if time.monotonic() - committed_at < GATHERING_SECONDS:
                time.sleep(GATHERING_SECONDS)
            batch = [waiting, *self._also_waiting()]
            results = self._commit(batch)
            committed_at = time.monotonic()
            self._written.set()
            by_loop: dict[asyncio.AbstractEventLoop, list[_Done]] = {}
            for done in results:
                by_loop.setdefault(done.waiting.loop, []).append(done)
            for loop, results_of_loop in by_loop.items():
                with contextlib.suppress(RuntimeError):  # a loop that has closed waits no longer
                    loop.call_soon_threadsafe(_deliver_all, results_of_loop)

    def _also_waiting(self) -> Iterable[_Waiting]:
        for _ in range(LARGEST_BATCH - 1):
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                return
            if waiting is None:
                self._queue.put(None)  # closing: finish this batch first
                return
            yield waiting

    def _commit(self, batch: list[_Waiting]) -> list[_Done]:
        try:
            self._take_turn()
            self._restart_long_log()
            self._writer.execute("BEGIN IMMEDIATE")
            results = [self._run(waiting) for waiting in batch]
            self._writer.execute("COMMIT")
        except Exception as error:
            self._roll_back()
            unavailable = StoreUnavailable(str(error))
            return [_Done(waiting=waiting, error=unavailable) for waiting in batch]
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)
        return results

    def _take_turn(self) -> None:
        """Wait for other processes, but not for one that has stopped with the lock in its hand."""
        deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
        pause = 0.0002
        while True:
            try:
                return fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(pause)
                pause = min(2 * pause, 0.005)

    def _restart_long_log(self) -> None:
        """Begin the log at its start again; nearly all of it is in the file by now.

        Without waiting for whoever reads for long, such as a backup: there is a next time.
        """
        if not self._log_is_long.is_set():
            return
        self._log_is_long.clear()
        self._writer.execute("PRAGMA busy_timeout = 0")
        try:
            self._writer.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        finally:
            self._writer.execute(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT_SECONDS * 1000)}")

    def _run(self, waiting: _Waiting) -> _Done:
        """One change, alone among its neighbours: what fails here does not undo them."""
        # A single statement is atomic by itself.
        guarded = len(waiting.steps) > 1
        try:
            if guarded:
                self._writer.execute("SAVEPOINT change")
            return _Done(waiting=waiting, row=self._execute(waiting.steps))
        except _NotDone:
            self._writer.execute("ROLLBACK TO change")
            return _Done(waiting=waiting)
        except Exception as error:
            # Whatever it is, it is this change's alone, and the writer goes on; unless the disk is
            # full or the like, when SQLite has rolled back the whole batch.
            if not self._writer.in_transaction:
                raise
            if guarded:
                self._writer.execute("ROLLBACK TO change")
            return _Done(waiting=waiting, error=_translated(error))
        finally:
            if guarded and self._writer.in_transaction:
                self._writer.execute("RELEASE change")

    def _execute(self, steps: tuple[Step, ...]) -> Row | None:
        """The first step's row; the others are run only if there is one."""
        first, *others = steps
        # All rows are fetched: a statement is not done before it has been read to its end.
        rows = self._writer.execute(first.statement, first.parameters).fetchall()
        if not rows:
            return None
        for step in others:
            done = self._writer.execute(step.statement, step.parameters).fetchall()
            if step.required and not done:
                raise _NotDone
        return rows[0]  # type: ignore[no-any-return]

    def _roll_back(self) -> None:
        """Leave nothing open; a connection that cannot even do that is replaced."""
        try:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self._writer.close()
                self._writer = writing_connection(self.path)

    def _checkpoint(self) -> None:
        """Move the log into the file beside the requests, not in front of one of them."""
        connection = self._checkpointer
        while not self._closing.wait(CHECKPOINT_INTERVAL_SECONDS):
            self._written.wait()
            self._written.clear()
            # What goes wrong here shows where it matters: at the next commit.
            with contextlib.suppress(sqlite3.Error):
                _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if pages > LONGEST_LOG_PAGES:
                    self._log_is_long.set()
        connection.close()


def _deliver_all(results: list[_Done]) -> None:
    for done in results:
        done.deliver()


def _translated(error: Exception) -> Exception:
    if not isinstance(error, sqlite3.Error):
        return error
    kind = Conflict if isinstance(error, sqlite3.IntegrityError) else StoreUnavailable
    return kind(str(error))
