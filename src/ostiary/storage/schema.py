"""The schema's version, and bringing a database up to it. Alembic is imported only for that."""

import fcntl
import os
import sqlite3
from enum import Enum
from pathlib import Path

from ostiary.storage.sqlite import StoreUnavailable, connect, lock_path

HEAD = "0001"


class SchemaState(Enum):
    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    NEWER = "newer"


def schema_version(path: Path) -> str | None:
    """The version of the database's schema; None for one without a schema, or without a file."""
    if not path.exists():
        return None
    connection = connect(path)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"{path} is not a database of Ostiary: {error}") from error
    finally:
        connection.close()
    return None if row is None else str(row[0])


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
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{path}")
    command.upgrade(config, "head")
