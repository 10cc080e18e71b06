"""Whole copies of a database while it is used, and databases made from them."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from ostiary.storage.connections import BUSY_TIMEOUT_SECONDS
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.source import PostgresqlSource

# Told after each step: so many pages are done, of so many.
Progress: TypeAlias = Callable[[int, int], None]

PAGES_A_STEP = 2048
POSTGRESQL_PROGRAMS = Path("/usr/lib/postgresql")
# Looked for by `storage.schema`.
MARK_UNPROVED = "CREATE TABLE public.unproved_restore ()"
UNMARK_UNPROVED = "DROP TABLE public.unproved_restore"


def copy_sqlite(path: Path, copy: Path, progress: Progress) -> None:
    """The database as it stands at this moment, in one file, which must not be there yet.

    All of it is read in one transaction. Nobody waits for that: in WAL mode who reads holds up no
    writer, and sees nothing of what is written meanwhile.
    """
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with _reading(path) as source, contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(
                target,
                pages=PAGES_A_STEP,
                progress=lambda _status, left, total: progress(total - left, total),
            )
            target.execute("PRAGMA journal_mode = DELETE")  # nothing beside the file
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path} cannot be copied: {error}") from error


def damage(path: Path) -> list[str]:
    """What SQLite finds wrong in the file, in its words; reads all of it."""
    try:
        with _reading(path) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
    except sqlite3.Error as error:
        return [str(error)]
    return [] if found == ["ok"] else found


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """One snapshot of the file, for as long as it takes."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(
        address, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_SECONDS
    )
    with contextlib.closing(connection):
        connection.execute("BEGIN")
        connection.execute("PRAGMA schema_version").fetchone()  # begins to read
        yield connection


def dump_postgresql(source: PostgresqlSource, dump: Path) -> None:
    """By pg_dump, in its own format; of one moment as well."""
    os.close(os.open(dump, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    # Rows are shown by issuer; `_environment` asks for those of all.
    _run(
        source,
        *("pg_dump", "--format=custom", "--no-owner", "--no-privileges"),
        *("--enable-row-security", f"--file={dump}"),
    )


def dumped_signing_keys(source: PostgresqlSource, dump: Path) -> str:
    """Their rows in the dump, as text: every issuer has some."""
    return _run_program(
        source, "pg_restore", "--data-only", "--table=signing_keys", "--file=-", str(dump)
    )


def load_postgresql(source: PostgresqlSource, dump: Path) -> None:
    """All or nothing, and together with the mark that keeps it from being served."""
    script = dump.with_suffix(".sql")
    os.close(os.open(script, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    _run_program(
        source, "pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(dump)
    )
    _run(
        source,
        *("psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"),
        *(f"--file={script}", f"--command={MARK_UNPROVED}"),
    )


def trust_postgresql(source: PostgresqlSource) -> None:
    """Take the mark away: what was loaded is proved."""
    _run(source, "psql", "--no-psqlrc", "--quiet", f"--command={UNMARK_UNPROVED}")


def _run(source: PostgresqlSource, name: str, *arguments: str) -> str:
    address = _without_password(source.url)
    return _run_program(source, name, *arguments, f"--dbname={address.url}")


def _run_program(source: PostgresqlSource, name: str, *arguments: str) -> str:
    """What it writes."""
    address = _without_password(source.url)
    command = (_find_program(name), *arguments)
    environment = {
        **os.environ,
        "PGOPTIONS": "-c ostiary.issuer_id=*",
        # Others could read it in the arguments.
        **({"PGPASSWORD": address.password} if address.password else {}),
    }
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  our own words
    if run.returncode != 0:
        told = (run.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise StoreUnavailable(f"{name} of {source}: {told}")
    return run.stdout


def _find_program(name: str) -> str:
    """On the path, or where Debian keeps it: the newest, which reads older servers too."""
    if found := shutil.which(name):
        return found
    kept = sorted(
        (path for path in POSTGRESQL_PROGRAMS.glob(f"*/bin/{name}")),
        key=lambda path: path.parts[-3].zfill(4),
    )
    if not kept:
        raise StoreUnavailable(f"{name} is not here; install postgresql-client")
    return str(kept[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Address:
    url: str
    password: str | None


def _without_password(url: str) -> _Address:
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    options = parse_qsl(parts.query)
    told = dict(options).get("password") or unquote(password) or None
    query = urlencode([(name, value) for name, value in options if name != "password"])
    bare = parts._replace(netloc=f"{user}{at}{hosts}", query=query)
    return _Address(url=bare.geturl(), password=told)
