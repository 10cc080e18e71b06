"""A store whose n-th call fails: before anything was done, or after all of it was."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from ostiary.storage.database import Database, Row, Step, StoreUnavailable, Value


class Failing(Enum):
    BEFORE = "before"  # the database was not reached
    AFTER = "after"  # the answer got lost: the change is made, and nobody knows


class FaultyDatabase:
    """Passes everything on but one call, once `fail_at` has said which."""

    def __init__(self, inner: Database) -> None:
        self._inner: Final = inner
        self._failing = Failing.BEFORE
        self._left = 0
        self.failed: str | None = None

    def fail_at(self, number: int, failing: Failing) -> None:
        """The call of this number from now on, beginning with 1."""
        self._left, self._failing, self.failed = number, failing, None

    def close(self) -> None:
        self._inner.close()

    def connections(self) -> Mapping[str, int]:
        return self._inner.connections()

    async def check_ready(self) -> None:
        await self._inner.check_ready()

    async def read_one(self, statement: str, parameters: Mapping[str, Value]) -> Row | None:
        fails = self._is_the_one(statement)
        self._fail(fails, Failing.BEFORE)
        row = await self._inner.read_one(statement, parameters)
        self._fail(fails, Failing.AFTER)
        return row

    async def read_all(self, statement: str, parameters: Mapping[str, Value]) -> Sequence[Row]:
        fails = self._is_the_one(statement)
        self._fail(fails, Failing.BEFORE)
        rows = await self._inner.read_all(statement, parameters)
        self._fail(fails, Failing.AFTER)
        return rows

    async def change(self, first: Step, *others: Step) -> Row | None:
        fails = self._is_the_one(first.statement)
        self._fail(fails, Failing.BEFORE)
        row = await self._inner.change(first, *others)
        self._fail(fails, Failing.AFTER)
        return row

    def _is_the_one(self, statement: str) -> bool:
        self._left -= 1
        if self._left == 0:
            self.failed = statement
        return self._left == 0

    def _fail(self, fails: bool, when: Failing) -> None:
        if fails and when is self._failing:
            raise StoreUnavailable("made up: the connection is gone")
