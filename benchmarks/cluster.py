"""A throw-away PostgreSQL cluster that keeps what it has acknowledged: fsync and synchronous_commit on."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter, sleep

from benchmarks.messages import LoadError
from benchmarks.processes import PATIENCE_SECONDS, ServerProcess, free_port, output_of, running

ROLE = "ostiary"
"""Owns the databases and is no superuser, so that row-level security is in force."""
DEBIAN = "/usr/lib/postgresql/*/bin"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": "200",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    port: int
    programs: Path
    server: ServerProcess

    def create(self, database: str) -> str:
        """A new database of the role's; its URL."""
        self.administer("createdb", "--owner", ROLE, database)
        return self.url(database)

    def url(self, database: str) -> str:
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{database}"

    def administer(self, program: str, *arguments: str) -> None:
        where = ("--host", "127.0.0.1", "--port", str(self.port), "--username", "postgres")
        checked(str(self.programs / program), *where, *arguments)


def as_superuser(url: str) -> str:
    """To whom row-level security does not apply."""
    return url.replace(f"//{ROLE}@", "//postgres@", 1)


def programs() -> Path | None:
    """Where the server's programs are; Debian keeps them off the path."""
    found = sorted(Path("/").glob(DEBIAN.removeprefix("/")))
    on_path = shutil.which("initdb")
    return found[-1] if found else Path(on_path).parent if on_path else None


def missing() -> str | None:
    return "PostgreSQL's programs are not installed" if programs() is None else None


def versions() -> dict[str, str]:
    found = programs()
    return (
        {}
        if found is None
        else {"PostgreSQL": output_of(str(found / "postgres"), "--version").split()[2]}
    )


@contextmanager
def cluster(
    cores: Sequence[int], folder: Path | None, keep: Path | None = None
) -> Iterator[Cluster]:
    """On the cores, in a new folder that goes with it, or in one that is kept."""
    found = programs()
    if found is None:
        raise LoadError("PostgreSQL's programs are not installed")
    # It refuses to run as root, and its user has to reach the folder.
    user = "postgres" if os.geteuid() == 0 else None
    home = keep or Path(mkdtemp(prefix="ostiary-benchmark-postgresql-", dir=folder))
    try:
        initialise(found, home, user)
        port = free_port()
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        command = (str(found / "postgres"), "-D", str(home / "data"), f"-p{port}", *settings)
        with running(command, cores=cores, log=home / "log", user=user) as server:
            ready = Cluster(port=port, programs=found, server=server)
            wait_for(ready)
            yield ready
    finally:
        if keep is None:
            shutil.rmtree(home)


def initialise(found: Path, home: Path, user: str | None) -> None:
    if (home / "data").exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    if user is not None:
        shutil.chown(home, user)
    checked(
        str(found / "initdb"),
        *("-D", str(home / "data"), "--username", "postgres", "--auth", "trust"),
        *("--encoding", "UTF8", "--locale", "C"),
        user=user,
    )


def wait_for(ready: Cluster) -> None:
    deadline = perf_counter() + PATIENCE_SECONDS
    while perf_counter() < deadline:
        try:
            ready.administer("psql", "-qc", "SELECT 1")
        except LoadError:
            sleep(0.1)
        else:
            break
    else:
        raise LoadError(f"PostgreSQL did not start:\n{ready.server.log_tail()}")
    statement = f"DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
    ready.administer("psql", "-qc", statement)


def checked(*command: str, user: str | None = None) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False, user=user, cwd="/")
    if ended.returncode != 0:
        raise LoadError(f"{command[0]} failed: {ended.stderr}")
