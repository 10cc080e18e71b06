"""Real processes, started once for a worker: two over one database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.server import Server, Site, make_site, serving
from tests.kit.world import ENTERPRISE, a_client
from tests.races.party import Racer
from tests.races.signing_client import SIGNER


@pytest.fixture(scope="session")
def site(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    strict = a_client("strict", ENTERPRISE, refresh_grace=0)
    return make_site(template, tmp_path_factory.mktemp("site") / "ostiary.db", strict, SIGNER)


@pytest.fixture(scope="session")
def servers(site: Site) -> Iterator[list[Server]]:
    with serving(site, processes=2) as started:
        yield started


@pytest.fixture(params=[1, 2], ids=["one process", "two processes"])
def racer(request: pytest.FixtureRequest, site: Site, servers: list[Server]) -> Racer:
    return Racer(site=site, ports=[server.port for server in servers[: request.param]])
