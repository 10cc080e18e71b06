"""The store's statements on PostgreSQL: each prepared once on each connection.

A change of one statement is one round trip, committed by itself. Whatever a request is to use up is
decided by one conditional statement on the primary: of several hosts, only one that can be written
is spoken to. A connection that failed is thrown away, and the others with it, since a failover takes
them all; the next request connects anew. A read is then made once more; a change is not, since it
may have been made.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Final

from ostiary.storage.database import Row, Step, StoreUnavailable, Value
from ostiary.storage.postgresql.failures import Lost, Undone, UnfitValue, in_words_of_the_store
from ostiary.storage.postgresql.pool import Connection, Pool
from ostiary.storage.postgresql.statements import translate
from ostiary.storage.source import PostgresqlSource

# A change that PostgreSQL has undone for the sake of another is made this often in all.
MOST_ATTEMPTS = 3

WRITABLE = Step("SELECT current_setting('transaction_read_only') AS read_only", {})


class PostgresqlDatabase:
    """Connects when first asked for something. Commands may use it from one event loop after
    another."""

    def __init__(self, source: PostgresqlSource) -> None:
        self.source: Final = source
        self._pool: Pool | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def close(self) -> None:
        self._closed = True
        self._leave()

    def connections(self) -> Mapping[str, int]:
        return {} if self._pool is None else self._pool.states()

    async def check_ready(self) -> None:
        (row,) = await self._read(WRITABLE)
        if row["read_only"] == "on":
            raise StoreUnavailable("the database can only be read, not written")

    async def read_one(self, statement: str, parameters: Mapping[str, Value]) -> Row | None:
        rows = await self._read(Step(statement, parameters))
        return rows[0] if rows else None

    async def read_all(self, statement: str, parameters: Mapping[str, Value]) -> Sequence[Row]:
        return await self._read(Step(statement, parameters))

    async def change(self, first: Step, *others: Step) -> Row | None:
        for _ in range(MOST_ATTEMPTS - 1):
            with contextlib.suppress(Undone):
                return _first(await self._run((first, *others)))
        return _first(await self._run((first, *others)))

    async def _read(self, step: Step) -> Sequence[Row]:
        try:
            return await self._run((step,))
        except Lost:  # while nobody looked, perhaps
            return await self._run((step,))

    async def _run(self, steps: tuple[Step, ...]) -> Sequence[Row]:
        first = steps[0]
        whose = translate(first.statement).whose(first.parameters)
        pool = self._pool_of_this_loop()
        connection = await pool.take(whose)
        try:
            rows = await connection.run(whose, steps)
        except Exception as error:
            told = in_words_of_the_store(error)
            await _give_back_after(told, pool, connection)
            if told is error:
                raise
            # The value that does not fit stands in the driver's own words.
            raise told from None if isinstance(told, UnfitValue) else error
        except BaseException:  # cancelled in the middle
            pool.discard(connection)
            raise
        pool.give_back(connection)
        return rows

    def _pool_of_this_loop(self) -> Pool:
        if self._closed:
            raise StoreUnavailable("the database has been closed")
        loop = asyncio.get_running_loop()
        if self._pool is None or self._loop is not loop:
            self._leave()
            self._pool, self._loop = Pool(self.source), loop
        return self._pool

    def _leave(self) -> None:
        if self._pool is not None:
            with contextlib.suppress(RuntimeError):  # the loop has been closed, and they with it
                self._pool.close()


def _first(rows: Sequence[Row]) -> Row | None:
    return rows[0] if rows else None


async def _give_back_after(error: Exception, pool: Pool, connection: Connection) -> None:
    """A server that is gone has taken the others too; an open transaction is ended."""
    usable = False
    try:
        if isinstance(error, Lost):
            pool.drop_all()
            pool.note_lost(error)
        else:
            usable = await connection.roll_back()
    finally:
        (pool.give_back if usable else pool.discard)(connection)
