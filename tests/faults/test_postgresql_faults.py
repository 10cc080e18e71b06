"""PostgreSQL is stopped, killed, and lost for good while clients work. Catalogue ST-09; M11.

Nobody restarts Ostiary: it says 503 while the database is away, and goes on when there is one again.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from ostiary.storage.source import PostgresqlSource
from ostiary.storage.store import Store
from tests.faults.crowd import Crowd
from tests.faults.history import Kind, Outcome
from tests.faults.nodes import Node
from tests.faults.table import Figures
from tests.faults.test_kill_rounds import check_durable, check_lawful, working
from tests.kit.postgresql import ROLE, outside
from tests.kit.server import Server, Site, free_port, start_server
from tests.kit.world import an_event, make_template
from tests.races.at_once import send
from tests.races.party import Racer, id_in
from tests.races.test_kill_under_load import sign_in

pytestmark = [pytest.mark.faults, pytest.mark.postgresql, pytest.mark.timeout(300)]

DATABASE = "ostiary"
PEOPLE = 4
OUTAGE = 30.0
# The promise: 503 within a second, and back to normal five seconds after the return.
SECONDS_TO_REFUSE, SECONDS_TO_RECOVER = 1.0, 5.0
ROW = "SELECT * FROM authorizations WHERE issuer_id = 'enterprise' AND authorization_id = $1"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where another user may go, too: not the folder of pytest, which is its owner's alone."""
    with tempfile.TemporaryDirectory(prefix="ostiary-nodes-") as name:
        made = Path(name)
        made.chmod(0o755)
        yield made


@pytest.fixture
def primary(folder: Path) -> Iterator[Node]:
    node = Node(folder / "primary")
    node.make()
    node.start()
    superuser = node.url()
    outside().fetch(superuser, f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS")
    outside().fetch(superuser, f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    yield node
    node.kill()


@pytest.fixture
def standby(primary: Node, folder: Path) -> Iterator[Node]:
    """Follows, and no commit is answered before it has it."""
    node = Node(folder / "standby")
    node.copy_of(primary, "standby")
    node.start()
    for statement in (
        "ALTER SYSTEM SET synchronous_standby_names = 'standby'",
        "SELECT pg_reload_conf()",
    ):
        outside().fetch(primary.url(), statement)
    yield node
    node.kill()


def site_over(node: Node, folder: Path) -> Site:
    source = PostgresqlSource(url=node.url(DATABASE, ROLE))
    make_template(source)
    site = Site(database=folder / "no-file.db", port=free_port())

    async def move() -> None:
        store = Store.open(source)
        for issuer in (site.enterprise, site.consumer):
            await store.issuers.save(issuer, an_event())
        store.close()

    asyncio.run(move())
    return site


def url_over(*nodes: Node) -> str:
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    return f"postgresql://{ROLE}@{hosts}/{DATABASE}"


@contextmanager
def crowd_at(site: Site, *nodes: Node) -> Iterator[tuple[Server, Crowd]]:
    """Clients at work, before and after what happens in the block."""
    server = start_server(site, settings={"database.url": url_over(*nodes)})
    try:
        racer = Racer(site=site, ports=[site.port], client_id="trusted")
        crowd = Crowd(racer=racer, cookies=[sign_in(racer) for _ in range(PEOPLE)])
        with working(crowd):
            time.sleep(1)
            yield server, crowd
            time.sleep(1)
    finally:
        server.stop()


def status_of(site: Site, path: str) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{site.port}{path}", timeout=10) as answer:
            status: int = answer.status
            return status
    except HTTPError as error:
        return error.code


def seconds_until(holds: Callable[[], bool], at_most: float) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < at_most, f"not within {at_most} s"
        time.sleep(0.05)
    return time.monotonic() - began


def writes(racer: Racer) -> bool:
    form = {**racer.party.begin("openid").sent, "client_secret": str(racer.party.secret)}
    path = f"{racer.site.enterprise.base_path}/request"
    return send(racer.request(path, form=form)).status == 201


def check_away(site: Site, racer: Racer) -> float:
    """Two requests that need the database are told so within a second; how long they took."""
    assert status_of(site, "/livez") == 200
    began = time.monotonic()
    assert status_of(site, "/readyz") == 503
    assert not writes(racer)
    slowest = time.monotonic() - began
    assert slowest < SECONDS_TO_REFUSE
    return slowest


def check_end(crowd: Crowd, node: Node) -> int:
    """Nothing acknowledged is lost; how much was acknowledged."""
    assert crowd.failures == []
    check_lawful(crowd.history)

    def row_of(code: str) -> Mapping[str, Any]:
        (row,) = outside().fetch(node.url(DATABASE), ROW, id_in(code))
        return dict(row)

    check_durable(crowd.history, row_of)
    acknowledged = sum(crowd.history.count(kind, Outcome.SUCCESS) for kind in Kind)
    assert acknowledged > 50
    assert sum(crowd.history.count(kind, Outcome.UNKNOWN) for kind in Kind) > 0
    return acknowledged


def test_st_09_the_database_is_stopped_for_thirty_seconds(
    primary: Node, folder: Path, figures: Figures
) -> None:
    site = site_over(primary, folder)
    with crowd_at(site, primary) as (server, crowd):
        primary.stop()
        slowest = max(check_away(site, crowd.racer) for _ in range(5))
        time.sleep(OUTAGE)
        primary.start()
        back = seconds_until(lambda: writes(crowd.racer), SECONDS_TO_RECOVER)
        assert status_of(site, "/readyz") == 200
        assert server.process.poll() is None
    figures.note(
        "PostgreSQL stopped for 30 s",
        acknowledged=check_end(crowd, primary),
        lost=0,
        slowest_refusal=f"{slowest:.2f} s",
        back_after=f"{back:.2f} s",
    )


def test_st_09_the_database_is_killed_ten_times(
    primary: Node, folder: Path, figures: Figures
) -> None:
    site = site_over(primary, folder)
    slowest = 0.0
    with crowd_at(site, primary) as (server, crowd):
        for _ in range(10):
            primary.kill()
            primary.start()
            back = seconds_until(lambda: writes(crowd.racer), SECONDS_TO_RECOVER)
            slowest = max(slowest, back)
            time.sleep(0.5)
        assert server.process.poll() is None
    figures.note(
        "PostgreSQL killed and started, 10 rounds",
        acknowledged=check_end(crowd, primary),
        lost=0,
        slowest_return=f"{slowest:.2f} s",
    )


def test_st_12_the_primary_is_lost_and_its_synchronous_standby_promoted(
    primary: Node, standby: Node, folder: Path, figures: Figures
) -> None:
    site = site_over(primary, folder)
    with crowd_at(site, primary, standby) as (server, crowd):
        primary.kill()
        check_away(site, crowd.racer)  # the standby reads, and is not asked
        standby.promote()
        back = seconds_until(lambda: writes(crowd.racer), SECONDS_TO_RECOVER)
        assert status_of(site, "/readyz") == 200
        assert server.process.poll() is None
    figures.note(
        "PostgreSQL's primary lost, synchronous standby promoted",
        acknowledged=check_end(crowd, standby),
        lost=0,
        back_after=f"{back:.2f} s",
    )
