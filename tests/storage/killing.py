"""A process that kills itself at a chosen statement: the crash of ST-01 to ST-04, made exact.

Runs in child processes of the tests only. The children are forked from one process that has
imported everything, so that a crash costs milliseconds.
"""

import os
import signal
import sqlite3
import sqlite3.dbapi2
import threading
from collections.abc import Callable
from typing import Any

WRITER = "ostiary-writer"

_connect = sqlite3.connect


class Countdown:
    """Counts statements; the process dies, as by kill -9, when the last one has been executed."""

    def __init__(self, last: int | None, thread: str | None) -> None:
        self.count = 0
        self._last = last
        self._thread = thread

    def executed(self) -> None:
        if self._thread is not None and threading.current_thread().name != self._thread:
            return
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def count_statements(last: int | None, thread: str | None = None) -> Countdown:
    """Count from here on what every connection of this process executes (in `thread` alone)."""
    countdown = Countdown(last, thread)

    class Cursor(sqlite3.Cursor):
        def execute(self, *arguments: Any) -> "Cursor":
            super().execute(*arguments)
            countdown.executed()
            return self

    class Connection(sqlite3.Connection):
        def cursor(self, *_: Any) -> Any:
            return super().cursor(Cursor)

        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            cursor = super().execute(*arguments)
            countdown.executed()
            return cursor

        def commit(self) -> None:
            super().commit()
            countdown.executed()

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = _connect(*arguments, **{**options, "factory": Connection})
        return made

    # Ostiary calls the first, SQLAlchemy the second.
    sqlite3.connect = sqlite3.dbapi2.connect = connect  # type: ignore[assignment]
    return countdown


def in_child(run: Callable[[], None]) -> int:
    """Run in a forked child; its wait status. Called before this process has any thread."""
    assert threading.active_count() == 1, "a fork would copy locks that threads hold"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            run()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def was_killed(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def ended_well(status: int) -> bool:
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
