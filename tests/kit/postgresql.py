"""The suite's own PostgreSQL: a cluster in a temporary folder, which ends with the process that asked.

Without Debian's packages the tests marked `postgresql` are not run (and fail in CI); who does not
want them leaves them out: make test ARGS="-m 'not postgresql'".
"""

import asyncio
import functools
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from ostiary.storage.source import PostgresqlSource
from tests.kit.server import free_port

SECONDS_TO_START = 30.0
ROLE, SUPERUSER = "ostiary", "postgres"
# Whoever loses the power of a throw-away cluster has lost nothing.
OPTIONS = (
    *("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"),
    *("max_connections=200", "shared_buffers=64MB"),
    *("listen_addresses=127.0.0.1", "unix_socket_directories=", "deadlock_timeout=200ms"),
)
# Waits for the end of its standard input, which comes even when the tests are killed.
KEEPER = '"$@" & server=$!; cat > /dev/null; kill -$SIGNAL $server; wait $server; rm -rf "$FOLDER"'

T = TypeVar("T")


@functools.cache
def programs() -> Path | None:
    """The folder of initdb and postgres: Debian keeps them out of the path."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    found.sort(key=lambda path: int(path.parents[1].name))
    in_path = shutil.which("initdb")
    chosen = found[-1] if found else Path(in_path) if in_path else None
    return chosen.parent if chosen else None


def missing_for_postgresql() -> str | None:
    return None if programs() else "no PostgreSQL here: install postgresql (15 or newer)"


class Outside:
    """Connections in a thread of their own, for who has no event loop or is inside another."""

    def __init__(self) -> None:
        self._connections: dict[str, asyncpg.Connection[asyncpg.Record]] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="postgresql", daemon=True).start()

    def fetch(self, url: str, statement: str, *values: object) -> list[asyncpg.Record]:
        return self._run(self._fetch(url, statement, values))

    def close(self) -> None:
        """What is asked for later is asked over new ones."""
        self._run(self._close())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS_TO_START)

    async def _fetch(
        self, url: str, statement: str, values: Sequence[object]
    ) -> list[asyncpg.Record]:
        connection = self._connections.get(url)
        if connection is None or connection.is_closed():
            connection = await asyncpg.connect(url, statement_cache_size=0)
            self._connections[url] = connection
        return await connection.fetch(statement, *values)

    async def _close(self) -> None:
        while self._connections:
            _, connection = self._connections.popitem()
            await connection.close()


@functools.cache
def outside() -> Outside:
    return Outside()


# A copy of every table, to which the database goes back before each test: a new database would take
# ten times as long.
KEEP = """
DO $$ DECLARE name text; BEGIN
    CREATE SCHEMA kept;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE kept.%1$I AS TABLE public.%1$I', name);
    END LOOP;
END $$
"""
RESTORE = """
DO $$ DECLARE name text; BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle';
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'kept' LOOP
        EXECUTE format('DELETE FROM public.%I', name);
        EXECUTE format('INSERT INTO public.%1$I SELECT * FROM kept.%1$I', name);
    END LOOP;
END $$
"""


class Cluster:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = count(1)

    def url(self, database: str, role: str = ROLE) -> str:
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def make(self, fill: Callable[[PostgresqlSource], None] | None = None) -> PostgresqlSource:
        """A new database, as Ostiary uses it: by a role that owns the tables, and is bound by their
        policies. One that was filled can be restored."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} OWNER {ROLE} STRATEGY FILE_COPY")
        source = PostgresqlSource(url=self.url(name))
        if fill is not None:
            fill(source)
            query(source, KEEP)
        return source

    def execute(self, statement: str) -> None:
        outside().fetch(self.url("postgres", SUPERUSER), statement)


def restore(source: PostgresqlSource) -> None:
    query(source, RESTORE)


def query(source: PostgresqlSource, statement: str, *values: object) -> list[asyncpg.Record]:
    """What a superuser sees or does there, whom no policy binds."""
    return outside().fetch(_as_superuser(source), statement, *values)


def _as_superuser(source: PostgresqlSource) -> str:
    return source.url.replace(f"//{ROLE}@", f"//{SUPERUSER}@")


@contextmanager
def running() -> Iterator[Cluster]:
    """A cluster for the time of the block."""
    user, port = ordinary_user(), free_port()
    folder = folder_of(user)
    data = folder / "data"
    _run_as(user, "initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C")
    server = command_of(user, "postgres", "-D", data, f"-cport={port}", *_options())
    with keeping(server, folder) as keeper:
        cluster = Cluster(port)
        await_ready(cluster.url("postgres", SUPERUSER), keeper, folder / "log")
        cluster.execute(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS")
        yield cluster


@contextmanager
def keeping(
    command: Sequence[str], folder: Path, signal: str = "QUIT"
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, which ends with the block, or with us, and its folder with it."""
    with (folder / "log").open("w") as log:
        keeper = subprocess.Popen(
            ("sh", "-c", KEEPER, "keeper", *command),
            env={**os.environ, "FOLDER": str(folder), "SIGNAL": signal},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # who interrupts the tests does not mean the server
        )
    assert keeper.stdin is not None
    try:
        yield keeper
    finally:
        outside().close()
        keeper.stdin.close()
        keeper.wait(SECONDS_TO_START)


def _options() -> Iterator[str]:
    return (f"-c{option}" for option in OPTIONS)


def ordinary_user() -> str | None:
    """PostgreSQL refuses to be run by root."""
    return "nobody" if os.geteuid() == 0 else None


def folder_of(user: str | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ostiary-postgresql-"))
    if user is not None:
        shutil.chown(folder, user)
    return folder


def command_of(user: str | None, program: str, *arguments: str | Path) -> Sequence[str]:
    folder = programs()
    assert folder is not None
    return (*as_user(user), str(folder / program), *map(str, arguments))


def as_user(user: str | None) -> Sequence[str]:
    return ("setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups") if user else ()


def _run_as(user: str | None, program: str, *arguments: str | Path) -> None:
    command = command_of(user, program, *arguments, "--no-sync")
    subprocess.run(command, check=True, capture_output=True, cwd="/")


def await_ready(url: str, keeper: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends:
        assert keeper.poll() is None, f"it has ended: {log.read_text()}"
        try:
            outside().fetch(url, "SELECT 1")
            return
        except (OSError, asyncpg.PostgresError):
            time.sleep(0.02)
    raise AssertionError(f"it does not answer: {log.read_text()}")
