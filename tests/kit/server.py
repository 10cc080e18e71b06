"""A real server process on a free loopback port, over a database of the test's own."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import httpx2

from ostiary.domain.client import Client
from ostiary.domain.issuer import Environment, Issuer
from ostiary.storage.source import PostgresqlSource, Source
from ostiary.storage.store import Store
from tests.kit.world import CONSUMER, ENTERPRISE, an_event

ROOT = Path(__file__).parents[2]
SECONDS_TO_START, SECONDS_TO_STOP = 20.0, 10.0

CONFIGURATION = """
[server]
host = "localhost"
port = {port}
[database]
{database}
[outbound]
allow = {allow}
[log]
level = "warning"
format = "json"
# A test's visitors have all one address, and are one client.
[limits]
requests_per_minute_per_address = 0
requests_per_minute_per_client = 0
pushed_requests_per_minute_per_client = 0
failures_per_minute = 0
"""
# The key of tests.kit.world.
MASTER_KEY_TEXT = urlsafe_b64encode(bytes(range(32))).decode("ascii")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A database of the tests' standard people and clients, whose issuers are at `port`.

    Its client `strict` has no grace for refresh tokens. Stands in for a World where only HTTP
    is spoken.
    """

    database: Path
    port: int
    # Where the data is instead; what belongs to the site lies beside `database` all the same.
    postgresql: PostgresqlSource | None = None

    @property
    def source(self) -> Source:
        return self.postgresql or self.database

    @property
    def database_settings(self) -> str:
        if self.postgresql is None:
            return f'path = "{self.database.name}"'
        pooled = str(self.postgresql.pooled_by_transaction).lower()
        return f'url = "{self.postgresql.url}"\npooled_by_transaction = {pooled}'

    @property
    def enterprise(self) -> Issuer:
        return replace(
            ENTERPRISE,
            url=f"http://localhost:{self.port}",
            environment=Environment.PRODUCTION,
        )

    @property
    def consumer(self) -> Issuer:
        return replace(
            CONSUMER,
            url=f"http://127.0.0.1:{self.port}{CONSUMER.base_path}",
            environment=Environment.PRODUCTION,
        )

    def http(self, issuer: Issuer) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=issuer.origin)


def make_site(template: Path, database: Path, *clients: Client) -> Site:
    """A copy of the template, with these clients added to its enterprise issuer."""
    shutil.copy(template, database)
    site = Site(database=database, port=free_port())
    move_to(site, database, *clients)
    return site


def make_postgresql_site(postgresql: PostgresqlSource, database: Path, *clients: Client) -> Site:
    """The same over a database that is filled like the template."""
    site = Site(database=database, port=free_port(), postgresql=postgresql)
    move_to(site, postgresql, *clients)
    return site


def move_to(site: Site, source: Source, *clients: Client) -> None:
    """Let the issuers of the source be where the site is, with these clients added."""

    async def fill() -> None:
        store = Store.open(source)
        for issuer in (site.enterprise, site.consumer):
            await store.issuers.save(issuer, an_event())
        for client in clients:
            assert await store.clients.add(ENTERPRISE.issuer_id, client, an_event())
        store.close()

    asyncio.run(fill())


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    process: subprocess.Popen[str]
    port: int

    def kill(self) -> None:
        """As a power cut would end it: nothing can be finished."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        """By its id, and by force when it does not go."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_server(
    site: Site,
    port: int | None = None,
    *,
    allow: Sequence[str] = (),
    errors: int | None = None,
    settings: Mapping[str, object] | None = None,
    awaited: str = "/readyz",
) -> Server:
    """`ostiary serve` over the site's database, once it answers; at its own port or another.

    `allow` are origins on loopback that it may call; `errors` is a file that is open, and where its
    log goes instead of a file beside its configuration. `settings` are given as variables, such as
    {"server.workers": 2}. `awaited` is the probe that has to succeed.
    """
    port = port or site.port
    configuration = site.database.with_name(f"server-{port}.toml")
    configuration.write_text(
        CONFIGURATION.format(port=port, database=site.database_settings, allow=json.dumps([*allow]))
    )
    arguments = ("serve", "--config", str(configuration))
    settings = settings or {}
    probe = f"{settings.get('management.port', port)}{awaited}"
    log = configuration.with_suffix(".log")
    return _start(arguments, port, log, errors, variables(settings), probe=probe)


def variables(settings: Mapping[str, object]) -> Mapping[str, str]:
    """Settings by their dotted names, as environment variables."""
    return {
        "OSTIARY_" + name.upper().replace(".", "__"): str(value) for name, value in settings.items()
    }


@contextmanager
def developing(data: Path) -> Iterator[tuple[Server, dict[str, Any]]]:
    """`ostiary dev` on a data directory, and the JSON object that it prints."""
    port = free_port()
    arguments = ("dev", "--port", str(port), "--data", str(data), "--json")
    server = _start(arguments, port, data.with_suffix(".log"))
    try:
        assert server.process.stdout is not None
        yield server, json.loads(server.process.stdout.readline())
    finally:
        server.stop()


@contextmanager
def serving(site: Site, processes: int = 1) -> Iterator[list[Server]]:
    """So many processes on one database; the first is where the issuers say they are."""
    servers: list[Server] = []
    try:
        servers.append(start_server(site))
        servers.extend(start_server(site, free_port()) for _ in range(processes - 1))
        yield servers
    finally:
        for server in servers:
            server.stop()


def _start(
    arguments: Sequence[str],
    port: int,
    log: Path,
    errors: int | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    probe: str | None = None,
) -> Server:
    with log.open("a") as file:
        process = subprocess.Popen(
            (sys.executable, "-m", "ostiary", *arguments),
            cwd=ROOT,
            env={**server_environment(), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=file if errors is None else errors,
            text=True,
        )
    server = Server(process=process, port=port)
    try:
        _await_ready(server, probe or f"{port}/readyz", log)
    except BaseException:
        server.kill()
        raise
    return server


def server_environment() -> Mapping[str, str]:
    """Ours, with no setting of Ostiary but the master key."""
    inherited = {name: value for name, value in os.environ.items() if "OSTIARY" not in name}
    return {**inherited, "OSTIARY_MASTER_KEY": MASTER_KEY_TEXT}


def _await_ready(server: Server, probe: str, log: Path) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends:
        assert server.process.poll() is None, f"the server has ended: {log.read_text()}"
        try:
            with urlopen(f"http://127.0.0.1:{probe}", timeout=2) as answer:
                assert answer.status == 200
                return
        except URLError:
            time.sleep(0.01)
    raise AssertionError(f"nobody answers at port {server.port}: {log.read_text()}")
