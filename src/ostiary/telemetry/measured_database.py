"""A database that tells how long its calls take, and which of them fail."""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from ostiary.storage import audit
from ostiary.storage.database import Database, Row, Step, StoreUnavailable, Value
from ostiary.telemetry import metrics
from ostiary.telemetry.instruments import Instruments


class MeasuredDatabase:
    """Around either engine."""

    def __init__(self, inner: Database, instruments: Instruments) -> None:
        self.inner: Final = inner
        self._durations: Final = instruments.histogram(metrics.STORE_DURATION)
        self._errors: Final = instruments.number(metrics.STORE_ERRORS)
        self._audit_failures: Final = instruments.number(metrics.AUDIT_WRITE_FAILURES)

    def close(self) -> None:
        self.inner.close()

    def connections(self) -> Mapping[str, int]:
        return self.inner.connections()

    async def check_ready(self) -> None:
        await self.inner.check_ready()

    async def read_one(self, statement: str, parameters: Mapping[str, Value]) -> Row | None:
        began = time.perf_counter()
        try:
            return await self.inner.read_one(statement, parameters)
        except StoreUnavailable:
            self._errors.add("read")
            raise
        finally:
            self._durations.observe(time.perf_counter() - began, "read")

    async def read_all(self, statement: str, parameters: Mapping[str, Value]) -> Sequence[Row]:
        began = time.perf_counter()
        try:
            return await self.inner.read_all(statement, parameters)
        except StoreUnavailable:
            self._errors.add("read")
            raise
        finally:
            self._durations.observe(time.perf_counter() - began, "read")

    async def change(self, first: Step, *others: Step) -> Row | None:
        began = time.perf_counter()
        try:
            return await self.inner.change(first, *others)
        except StoreUnavailable:
            self._errors.add("change")
            if any(step.statement == audit.ADD for step in (first, *others)):
                self._audit_failures.add()
            raise
        finally:
            self._durations.observe(time.perf_counter() - began, "change")
