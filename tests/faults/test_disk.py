"""The disk is full, or may only be read. Catalogue ST-07, ST-08; reliability M10."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.table import Figures
from tests.kit.relying_party import RelyingParty, callback
from tests.kit.server import Site, make_site, start_server
from tests.kit.world import ENTERPRISE, World, sqlite_of
from tests.races.at_once import Received, send
from tests.races.party import OFFLINE, Racer

SMALL = "3m"


def fill(writer: sqlite3.Connection, size: int) -> None:
    """Row by row, until there is no room for another of this size."""
    while True:
        writer.execute("INSERT INTO filling VALUES (randomblob(?))", (size,))


@contextmanager
def full(world: World) -> Iterator[None]:
    """No page can be added to the file, and none is free."""
    writer = sqlite_of(world.store)._writer
    writer.execute("CREATE TABLE filling (bytes BLOB)")
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {pages}")
    for size in (3000, 100, 1):
        with suppress(sqlite3.OperationalError):
            fill(writer, size)
    yield
    writer.execute("PRAGMA max_page_count = 1073741823")


async def test_st_07_on_a_full_disk_reading_goes_on_and_writing_again_afterwards(
    world: World,
) -> None:
    party = RelyingParty(world)
    tokens = await party.tokens(scope=OFFLINE)
    person = await party.signed_in()
    with full(world):
        pushed = [await party.push(party.begin()) for _ in range(30)]
        assert 503 in {answer.status_code for answer in pushed}, "the disk was not full"
        assert {answer.status_code for answer in pushed} <= {201, 503}
        assert pushed[-1].headers["retry-after"]
        assert (await party.userinfo(tokens["access_token"])).status_code == 200
        assert (await party.token(grant_type="client_credentials")).status_code == 200
        async with world.http() as http:
            for path in ("/.well-known/openid-configuration", ENTERPRISE.endpoint("jwks")):
                assert (await http.get(path)).status_code == 200
        responses = [callback(await person.open(party.begin().url)) for _ in range(30)]
        # The last page of a table may have room for a few more.
        assert {each.get("error") for each in responses} <= {None, "temporarily_unavailable"}
        assert responses[-1]["error"] == "temporarily_unavailable"
    again = await party.refresh(tokens["refresh_token"])
    assert again.status_code == 200, "the refresh that failed has used nothing up"
    await party.tokens()


def may_mount(folder: Path) -> bool:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    run = subprocess.run(
        ("mount", "-t", "tmpfs", "-o", f"size={SMALL}", "ostiary-tests", folder), check=False
    )
    return run.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not may_mount(folder):
        pytest.skip("only root may mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(("umount", folder), check=True)


@pytest.fixture
def site(template: Path, small_disk: Path) -> Site:
    return make_site(template, small_disk / "ostiary.db")


def pushes(racer: Racer, times: int) -> list[Received]:
    form = {**racer.party.begin("openid").sent, "client_secret": str(racer.party.secret)}
    path = f"{racer.site.enterprise.base_path}/request"
    return [send(racer.request(path, form=form)) for _ in range(times)]


def fill_up(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@pytest.mark.faults
def test_st_07_a_small_disk_fills_up_and_is_cleared(site: Site, figures: Figures) -> None:
    racer = Racer(site=site, ports=[site.port])
    server = start_server(site)
    try:
        tokens = racer.tokens()
        filler = site.database.with_name("filler")
        with pytest.raises(OSError, match="No space left"):
            fill_up(filler)
        answers = pushes(racer, 200)
        assert {answer.status for answer in answers} <= {201, 503}
        assert answers[-1].status == 503
        assert racer.userinfo(tokens["access_token"]).status == 200
        assert server.process.poll() is None
        filler.unlink()
        assert pushes(racer, 1)[0].status == 201
        assert send(racer.refresh(tokens["refresh_token"])).status == 200
    finally:
        server.stop()
    figures.note("disk full, SQLite: 503 and reads go on; recovered without a restart")


@pytest.mark.faults
def test_st_08_a_file_that_can_only_be_read_is_said_so_at_the_start(
    site: Site, small_disk: Path, tmp_path: Path, figures: Figures
) -> None:
    start_server(site).stop()  # which leaves everything in place but its folder
    subprocess.run(("mount", "-o", "remount,ro", small_disk), check=True)
    elsewhere = Site(database=tmp_path / "no-file.db", port=site.port)
    with pytest.raises(AssertionError, match=r"has ended: .*file system read-only"):
        start_server(elsewhere, settings={"database.path": site.database})
    figures.note("read-only file, SQLite: refused at the start with a sentence")
