"""Real processes, each over a database of the test's own."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.server import Server, Site, make_site, start_server

Start = Callable[..., "Running"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """`ostiary serve`, and what it logs."""

    server: Server
    configuration: Path

    @property
    def pid(self) -> int:
        return self.server.process.pid

    def workers(self) -> list[int]:
        """The processes below this one."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def log(self, event: str = "") -> list[Mapping[str, object]]:
        lines = self.configuration.with_suffix(".log").read_text().splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [each for each in events if event in each["event"]]


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Site:
    made = make_site(template, tmp_path / "ostiary.db")
    # The tests' clock is ahead of the machine's, which a probe notices by the keys.
    with closing(sqlite3.connect(made.database)) as connection, connection:
        connection.execute("UPDATE signing_keys SET created_at = 1700000000")
    return made


@pytest.fixture
def start(site: Site) -> Iterator[Start]:
    """Starts `ostiary serve` over the site with these settings, by their dotted names."""
    started: list[Server] = []

    def run(
        port: int | None = None,
        settings: Mapping[str, object] | None = None,
        awaited: str = "/readyz",
    ) -> Running:
        given = settings or {}
        server = start_server(site, port, settings=given, awaited=awaited)
        started.append(server)
        return Running(
            server=server, configuration=site.database.with_name(f"server-{server.port}.toml")
        )

    yield run
    for server in started:
        server.stop()
