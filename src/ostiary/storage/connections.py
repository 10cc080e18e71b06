"""Connections to a SQLite file, and the file beside it on which processes take turns."""

import sqlite3
from pathlib import Path

BUSY_TIMEOUT_SECONDS = 10.0


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit, with the settings that every connection has."""
    connection = sqlite3.connect(
        path,
        timeout=BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        cached_statements=256,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "PRAGMA foreign_keys = OFF"
    )  # keys are checked by the verbs, on both engines
    return connection


def writing_connection(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def lock_path(path: Path) -> Path:
    """The file on which processes that share the database take turns."""
    return path.with_name(path.name + ".lock")
