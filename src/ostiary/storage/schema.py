"""The schema's version, and bringing a database up to it. Alembic is imported only for that."""

import asyncio
import contextlib
import fcntl
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from ostiary.storage.connections import BUSY_TIMEOUT_SECONDS, connect, lock_path
from ostiary.storage.database import Misconfigured, StoreUnavailable
from ostiary.storage.integrity import check_whole
from ostiary.storage.source import PostgresqlSource, Source

HEAD = "0003"

T = TypeVar("T")
R = TypeVar("R")


class WrongSchema(Misconfigured):
    """The database is there, and is not what this Ostiary can work with."""


class SchemaState(Enum):
    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    NEWER = "newer"


def schema_version(source: Source) -> str | None:
    """The version of the database's schema; None for one without a schema, or without a file."""
    if isinstance(source, PostgresqlSource):
        return _in_a_thread(lambda of: asyncio.run(_postgresql_version(of)), source)
    return _sqlite_version(source)


def _sqlite_version(path: Path) -> str | None:
    """Looks without touching: another process may be making the file at this moment."""
    if not path.exists():
        return None
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        if "no such table" in str(error):
            return None
        if "unable to open" in str(error):
            advice = "may Ostiary write in its folder, and is its file system read-only?"
            raise StoreUnavailable(f"cannot open {path}: {advice}") from error
        raise StoreUnavailable(f"{path} is not a database of Ostiary: {error}") from error
    return str(row[0]) if row else None


def schema_state(version: str | None) -> SchemaState:
    if version is None:
        return SchemaState.EMPTY
    if version == HEAD:
        return SchemaState.CURRENT
    return SchemaState.BEHIND if version < HEAD else SchemaState.NEWER


def ensure_schema(source: Source) -> None:
    """Bring the schema up to HEAD; safe with several processes at once, and to kill at any point."""
    if _is_current(source):
        return None
    if isinstance(source, PostgresqlSource):
        return _in_a_thread(_upgrade, source)  # takes its turn itself, by a lock in the database
    source.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(lock_path(source), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current(source):  # another process may have done it while we waited
            os.close(os.open(source, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            connect(source).close()  # journal mode cannot be changed inside the migration
            _upgrade(source)
    finally:
        os.close(lock)


def upgrade_unproved(source: PostgresqlSource) -> None:
    """Bring up to HEAD what a restore has loaded, which all others refuse."""
    _in_a_thread(_upgrade, source)


def ensure_schema_beside(source: Source) -> None:
    """The same in a process of its own: Alembic takes memory that a server would never give back."""
    if isinstance(source, Path):
        check_whole(source)
    if _is_current(source):
        return
    command = (sys.executable, "-P", "-m", "ostiary.storage.schema")
    # Not as an argument, which others could read: a URL may hold a password.
    told = asdict(source) if isinstance(source, PostgresqlSource) else str(source)
    run = subprocess.run(  # noqa: S603  our own
        command, input=json.dumps(told), capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        last_line = (run.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise WrongSchema(f"the schema of {source} could not be brought up to date: {last_line}")


def _is_current(source: Source) -> bool:
    state = schema_state(schema_version(source))
    if state is SchemaState.NEWER:
        raise WrongSchema(
            f"{source} was written by a newer Ostiary; run that version, or restore a backup"
        )
    return state is SchemaState.CURRENT


async def _postgresql_version(source: PostgresqlSource) -> str | None:
    import asyncpg  # noqa: PLC0415  not for those with a file

    from ostiary.storage.postgresql.connecting import connect  # noqa: PLC0415
    from ostiary.storage.postgresql.failures import in_words_of_the_store  # noqa: PLC0415

    try:
        connection, _ = await connect(source, source.urls)
        try:
            # There while a restore has not proved what it has loaded.
            unproved = await connection.fetchval("SELECT to_regclass('public.unproved_restore')")
            found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        finally:
            connection.terminate()
    except asyncpg.UndefinedTableError:
        return None
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StoreUnavailable(f"cannot use {source}: {in_words_of_the_store(error)}") from error
    if unproved is not None:
        raise WrongSchema(
            f"a restore into {source} did not come to its end; "
            "drop the database, create it anew and restore again"
        )
    return found


def _in_a_thread(work: Callable[[T], R], of: T) -> R:
    """What runs an event loop of its own, wherever it is called."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work, of).result()


def _upgrade(source: Source) -> None:
    from alembic import command  # noqa: PLC0415  0.4 s that a current schema must not pay
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    # The reader of ini files takes a percent sign for something else.
    scripts = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", scripts)
    config.attributes["source"] = source
    command.upgrade(config, "head")


if __name__ == "__main__":
    told = json.load(sys.stdin)
    try:
        ensure_schema(Path(told) if isinstance(told, str) else PostgresqlSource(**told))
    except Exception as error:
        sys.exit((str(error) or type(error).__name__).splitlines()[0])
