"""Writing beside the answers: what is worth having and not worth waiting for."""

import asyncio
from collections.abc import Awaitable
from typing import Final

import structlog

from ostiary.storage.database import StoreUnavailable

MOST_PENDING = 256

_log = structlog.get_logger("ostiary.beside")


class Beside:
    """One for the process. What it cannot take or write is left out: no answer depends on it."""

    def __init__(self) -> None:
        self._pending: Final[set[asyncio.Task[None]]] = set()

    @property
    def has_room(self) -> bool:
        return len(self._pending) < MOST_PENDING

    def start(self, change: Awaitable[None], what: str) -> None:
        """Make the change, one verb of the store, as soon as there is time; `what` is for the log."""
        task = asyncio.get_running_loop().create_task(_finish(change, what))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def drain(self, patience: float | None = None) -> None:
        """Wait until what was started is written; what is not in time is left out."""
        try:
            async with asyncio.timeout(patience):
                while self._pending:
                    await asyncio.gather(*self._pending, return_exceptions=True)
        except TimeoutError:
            _log.warning("not written", what="what was left at the end", error="no answer in time")


async def _finish(change: Awaitable[None], what: str) -> None:
    try:
        await change
    except StoreUnavailable as error:
        _log.warning("not written", what=what, error=str(error))
    except Exception:
        _log.exception("not written", what=what)
