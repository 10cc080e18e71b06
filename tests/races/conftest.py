"""Real processes, started once for a worker: two over one database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.pgbouncer import pooled
from tests.kit.postgresql import Cluster
from tests.kit.server import Server, Site, make_postgresql_site, make_site, serving
from tests.kit.world import ENTERPRISE, a_client, make_template
from tests.races.party import Racer
from tests.races.signing_client import SIGNER


@pytest.fixture(scope="session")
def site(
    engine: str,
    template: Path,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Site:
    strict = a_client("strict", ENTERPRISE, refresh_grace=0)
    path = tmp_path_factory.mktemp("site") / "ostiary.db"
    if engine == "sqlite":
        return make_site(template, path, strict, SIGNER)
    cluster: Cluster = request.getfixturevalue("postgresql")
    source = cluster.make(make_template)
    if engine == "pgbouncer":
        source = pooled(source, request.getfixturevalue("pgbouncer"))
    return make_postgresql_site(source, path, strict, SIGNER)


@pytest.fixture(scope="session")
def servers(site: Site) -> Iterator[list[Server]]:
    with serving(site, processes=2) as started:
        yield started


@pytest.fixture(params=[1, 2], ids=["one process", "two processes"])
def racer(request: pytest.FixtureRequest, site: Site, servers: list[Server]) -> Racer:
    return Racer(site=site, ports=[server.port for server in servers[: request.param]])
