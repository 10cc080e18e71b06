"""The listener of the operators: probes with reasons, and nothing of the public's."""

import sqlite3
from contextlib import closing

import pytest

from ostiary.management.errors import ManagementError
from ostiary.serving.listeners import bind_all
from ostiary.settings import ManagementSettings, Settings
from tests.kit.server import Site, free_port
from tests.serving.conftest import Start
from tests.serving.visitors import ask, get

CHECKS = ("draining", "workers", "database", "schema", "issuers", "signing keys", "clock")


@pytest.fixture
def management() -> int:
    return free_port()


def change(site: Site, statement: str) -> None:
    with closing(sqlite3.connect(site.database)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_service_that_is_well_says_so_check_by_check(
    start: Start, management: int, workers: int
) -> None:
    start(settings={"management.port": management, "server.workers": workers})
    for path in ("/livez", "/readyz", "/healthz"):
        answer = await ask(management, get(path))
        assert (answer.status, answer.body) == (200, b"ok\n")
    told = await ask(management, get("/readyz?verbose"))
    assert told.body.decode() == "".join(f"{name}: ok\n" for name in CHECKS) + "ok\n"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("DELETE FROM signing_keys WHERE issuer_id = 'consumer'", "signing keys: 1 issuer has"),
        ("UPDATE alembic_version SET version_num = '0001'", "schema: it is behind"),
        ("UPDATE signing_keys SET created_at = 4000000000", "s behind the newest key"),
        ("DROP TABLE alembic_version", "database: no such table"),
    ],
)
async def test_what_is_wrong_is_named(
    site: Site, start: Start, management: int, spoil: str, told: str
) -> None:
    start(settings={"management.port": management})
    change(site, spoil)
    answer = await ask(management, get("/readyz?verbose"))
    assert answer.status == 503
    assert told in answer.body.decode()
    plain = await ask(management, get("/readyz"))
    assert (plain.status, plain.body) == (503, b"not ready\n")
    assert (await ask(management, get("/livez"))).status == 200


async def test_no_issuer_yet_is_a_warning(site: Site, start: Start, management: int) -> None:
    start(settings={"management.port": management})
    change(site, "DELETE FROM signing_keys")
    change(site, "DELETE FROM issuers")
    answer = await ask(management, get("/readyz?verbose"))
    assert answer.status == 200
    assert (
        "issuers: warning: there is none yet; add one with: ostiary apply" in answer.body.decode()
    )
    assert (await ask(management, get("/readyz"))).status == 200


async def test_a_schema_that_is_newer_is_an_upgrade_under_way(
    site: Site, start: Start, management: int
) -> None:
    start(settings={"management.port": management})
    change(site, "UPDATE alembic_version SET version_num = '9999'")
    assert (await ask(management, get("/readyz"))).status == 200


async def test_the_public_and_the_operators_have_nothing_in_common(
    site: Site, start: Start, management: int
) -> None:
    start(settings={"management.port": management})
    host = f"localhost:{site.port}"
    for path in ("/livez", "/readyz", "/healthz", "/metrics"):
        assert (await ask(site.port, get(path, host))).status == 404
    for path in ("/", "/nothing", "/.well-known/openid-configuration"):
        assert (await ask(management, get(path, host))).status == 404
    posted = await ask(management, get("/readyz").replace(b"GET", b"POST"))
    assert (posted.status, posted.headers["allow"]) == (405, "GET, HEAD")


def test_an_address_that_is_taken_is_named(start: Start, management: int) -> None:
    start(settings={"management.port": management})
    wanted = ManagementSettings(port=management)
    with pytest.raises(ManagementError) as caught:
        bind_all(Settings(management=wanted), 2)
    assert f"cannot listen on 127.0.0.1:{management}" in caught.value.message
    assert "management.port in the file" in caught.value.hint
