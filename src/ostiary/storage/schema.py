"""The schema's version, and bringing a database up to it. Alembic is imported only for that."""

import contextlib
import fcntl
import os
import sqlite3
import subprocess
import sys
from enum import Enum
from pathlib import Path
from urllib.parse import quote

from ostiary.storage.connections import BUSY_TIMEOUT_SECONDS, connect, lock_path
from ostiary.storage.sqlite import StoreUnavailable

HEAD = "0002"


class SchemaState(Enum):
    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    NEWER = "newer"


def schema_version(path: Path) -> str | None:
    """The version of the database's schema; None for one without a schema, or without a file.

    Looks without touching: another process may be making the file at this moment.
    """
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
        raise StoreUnavailable(f"{path} is not a database of Ostiary: {error}") from error
    return str(row[0]) if row else None


def schema_state(version: str | None) -> SchemaState:
    if version is None:
        return SchemaState.EMPTY
    if version == HEAD:
        return SchemaState.CURRENT
    return SchemaState.BEHIND if version < HEAD else SchemaState.NEWER


def ensure_schema(path: Path) -> None:
    """Bring the schema up to HEAD; safe with several processes at once, and to kill at any point."""
    if _is_current(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current(path):  # another process may have done it while we waited
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            connect(path).close()  # journal mode cannot be changed inside the migration
            _upgrade(path)
    finally:
        os.close(lock)


def ensure_schema_beside(path: Path) -> None:
    """The same in a process of its own: Alembic takes memory that a server would never give back."""
    if _is_current(path):
        return
    command = (sys.executable, "-P", "-m", "ostiary.storage.schema", str(path))
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own
    if run.returncode != 0:
        last_line = (run.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise StoreUnavailable(f"the schema of {path} could not be brought up to date: {last_line}")


def _is_current(path: Path) -> bool:
    state = schema_state(schema_version(path))
    if state is SchemaState.NEWER:
        raise StoreUnavailable(
            f"{path} was written by a newer Ostiary; run that version, or restore a backup"
        )
    return state is SchemaState.CURRENT


def _upgrade(path: Path) -> None:
    from alembic import command  # noqa: PLC0415  0.4 s that a current schema must not pay
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    # The reader of ini files takes a percent sign for something else.
    scripts = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", scripts)
    config.attributes["database"] = str(path)
    command.upgrade(config, "head")


if __name__ == "__main__":
    try:
        ensure_schema(Path(sys.argv[1]))
    except Exception as error:
        sys.exit((str(error) or type(error).__name__).splitlines()[0])
