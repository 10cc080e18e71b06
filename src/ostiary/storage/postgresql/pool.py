"""A few connections of a process's own: no more than the settings allow, each kept while it is good.

The driver's own pool would ask the server to forget everything after each use, which doubles the
time that a statement takes.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Final

from ostiary.storage.database import Row, Step, StoreUnavailable
from ostiary.storage.postgresql.connecting import Driver, connect, milliseconds
from ostiary.storage.postgresql.failures import Lost, Silent
from ostiary.storage.postgresql.statements import translate
from ostiary.storage.source import PostgresqlSource

# After a failed attempt to connect, requests are told so at once for this long.
RETRY_CONNECT_SECONDS = 0.25
# So long an attempt to reach a silent server is waited for; it may go on without anybody.
PATIENCE_SECONDS = 0.25

# Told to the connection, or to one transaction: row-level security reads it.
SHOW_ISSUER = "SELECT set_config('ostiary.issuer_id', $1, false)"
SHOW_ISSUER_HERE = (
    "SELECT set_config('ostiary.issuer_id', $1, true), set_config('statement_timeout', $2, true)"
)


class Connection:
    """One connection, and whose rows it shows at present."""

    def __init__(self, driver: Driver, source: PostgresqlSource, generation: int) -> None:
        self.driver: Final = driver
        self.generation: Final = generation
        self.shows: str | None = None
        self._pooled: Final = source.pooled_by_transaction
        self._milliseconds: Final = milliseconds(source.statement_timeout)

    async def run(self, whose: str, steps: Sequence[Step]) -> Sequence[Row]:
        """The first step's rows; none, and nothing done, when a step that has to has no row."""
        if self._pooled:
            await self.driver.execute("BEGIN")
            await self.driver.fetch(SHOW_ISSUER_HERE, whose, self._milliseconds)
            return await self._finish(steps)
        if self.shows != whose:
            await self.driver.fetch(SHOW_ISSUER, whose)
            self.shows = whose
        if len(steps) == 1:
            return await self._fetch(steps[0])  # one round trip, committed by itself
        await self.driver.execute("BEGIN")
        return await self._finish(steps)

    async def roll_back(self) -> bool:
        """Leave nothing open; false when it cannot even do that."""
        try:
            if self.driver.is_in_transaction():
                await self.driver.execute("ROLLBACK")
        except Exception:
            return False
        return not self.driver.is_closed()

    async def _finish(self, steps: Sequence[Step]) -> Sequence[Row]:
        rows = await self._fetch(steps[0])
        done = bool(rows) and await self._all_done(steps[1:])
        await self.driver.execute("COMMIT" if done else "ROLLBACK")
        return rows if done else ()

    async def _all_done(self, steps: Sequence[Step]) -> bool:
        for step in steps:
            if not await self._fetch(step) and step.required:
                return False
        return True

    async def _fetch(self, step: Step) -> Sequence[Row]:
        statement = translate(step.statement)
        rows: Sequence[Row] = await self.driver.fetch(
            statement.text, *statement.arguments(step.parameters)
        )
        return rows


class Pool:
    """The connections of one event loop. Who waits for one is served in turn."""

    def __init__(self, source: PostgresqlSource) -> None:
        self._source: Final = source
        # The host that was of use last comes first.
        self._urls: Final = [*source.urls]
        self._places: Final = asyncio.Semaphore(source.connections)
        self._idle: Final[list[Connection]] = []
        self._used = 0
        # Grows when the server is lost: connections to an earlier one are not used again.
        self._generation = 0
        # Why the last attempt to connect failed, or the server was lost.
        self._failure: Lost | None = None
        self._refused_until = 0.0
        self._trying: asyncio.Task[None] | None = None
        self._patient_until = 0.0

    async def take(self, whose: str) -> Connection:
        """Best one that shows this issuer's rows already; raises StoreUnavailable."""
        await self._take_place()
        try:
            connection = self._find_idle(whose) or await self._connect()
        except BaseException:
            self._places.release()
            raise
        self._used += 1
        return connection

    def states(self) -> Mapping[str, int]:
        """How many connections there are, by what they do."""
        return {"used": self._used, "idle": len(self._idle)}

    def give_back(self, connection: Connection) -> None:
        self._used -= 1
        if connection.generation != self._generation:
            connection.driver.terminate()
        else:
            self._idle.append(connection)
        self._places.release()

    def discard(self, connection: Connection) -> None:
        """What the server is doing with it is not known."""
        self._used -= 1
        connection.driver.terminate()
        self._places.release()

    def drop_all(self) -> None:
        """Whatever took one of them may have taken the server."""
        self._generation += 1
        while self._idle:
            self._idle.pop().driver.terminate()

    def note_lost(self, error: Lost) -> None:
        if isinstance(error, Silent):
            self._failure = error

    def close(self) -> None:
        if self._trying is not None:
            self._trying.cancel()
        self.drop_all()

    async def _take_place(self) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        if isinstance(self._failure, Silent):
            raise _again(self._failure)  # those who have the places wait in vain
        try:
            async with asyncio.timeout(self._source.statement_timeout):
                await self._places.acquire()
        except TimeoutError as error:
            raise StoreUnavailable("all connections to the database are in use") from error

    def _find_idle(self, whose: str) -> Connection | None:
        for index in range(len(self._idle) - 1, -1, -1):
            if self._idle[index].shows == whose and not self._idle[index].driver.is_closed():
                return self._idle.pop(index)
        while self._idle:
            connection = self._idle.pop()
            if not connection.driver.is_closed():
                return connection
        return None

    async def _connect(self) -> Connection:
        if self._failure is not None and time.monotonic() < self._refused_until:
            raise _again(self._failure)
        if isinstance(self._failure, Silent):
            await self._await_attempt()
            if self._failure is not None:
                raise _again(self._failure)
        return self._idle.pop() if self._idle else await self._dial()

    async def _await_attempt(self) -> None:
        """A silent server is tried by one at a time, for which nobody waits long."""
        if self._trying is None:
            self._patient_until = time.monotonic() + PATIENCE_SECONDS
            self._trying = asyncio.create_task(self._try_again())
        left = max(0.0, self._patient_until - time.monotonic())
        await asyncio.wait({self._trying}, timeout=left)

    async def _try_again(self) -> None:
        try:
            with contextlib.suppress(Lost):
                self._idle.append(await self._dial())
        finally:
            self._trying = None

    async def _dial(self) -> Connection:
        generation = self._generation
        try:
            driver, at = await connect(self._source, [*self._urls])
        except Lost as error:
            self._failure = error
            self._refused_until = time.monotonic() + RETRY_CONNECT_SECONDS
            raise
        self._failure = None
        self._urls.sort(key=lambda url: url != at)
        return Connection(driver, self._source, generation)


def _again(failure: Lost) -> Lost:
    return type(failure)(str(failure))
