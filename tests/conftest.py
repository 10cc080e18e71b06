"""What a test may need that is not a Python package: a browser, and Node.

Without it the test is reported as not run, with the reason. In CI that is a failure, since a test
that did not run has shown nothing.
"""

import functools
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ostiary.storage.source import PostgresqlSource, Source
from tests.kit.pgbouncer import missing_for_pgbouncer, pooled, pooling
from tests.kit.postgresql import Cluster, missing_for_postgresql, restore, running
from tests.kit.world import MovableClock, World, copy_template, make_template, world_over
from tests.proxies.configurations import PROXIES

if TYPE_CHECKING:
    from playwright.async_api import Browser

TESTS = Path(__file__).parent


@functools.cache
def browser_path() -> str | None:
    """Where Chromium is; scripts/browser.sh finds (or installs) it for `make test`."""
    names = (os.environ.get("OSTIARY_BROWSER"), "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, (shutil.which(name) for name in names if name)), None)


@functools.cache
def missing_for_browser() -> str | None:
    return None if browser_path() else "no Chromium here: install chromium or set OSTIARY_BROWSER"


@functools.cache
def missing_for_interop() -> str | None:
    if shutil.which("node") is None:
        return "no Node here: install Node 20 or newer"
    interop = TESTS / "interop"
    environments = Path(sys.prefix, "interop")
    installed = [each.parent / "node_modules" for each in interop.glob("*/package.json")]
    installed += [environments / each.parent.name for each in interop.glob("*/requirements.txt")]
    if all((folder / ".installed").exists() for folder in installed):
        return None
    return "the client libraries are not installed: make interop-setup"


def missing_for_go() -> str | None:
    if shutil.which("go") is None:
        return "no Go here: install Go 1.26 or newer"
    built = Path(sys.prefix, "interop")
    if all(
        (built / each.parent.name / "client").exists() for each in TESTS.glob("interop/*/go.mod")
    ):
        return None
    return "the programs in Go are not built: make interop"


def missing_for_apache() -> str | None:
    module = Path("/usr/lib/apache2/modules/mod_auth_openidc.so")
    if shutil.which("apache2", path="/usr/sbin") and module.exists():
        return None
    return "no Apache with its module here: install libapache2-mod-auth-openidc"


def missing_for_proxies() -> str | None:
    missing = [each.title for each in PROXIES.values() if not Path(each.program).exists()]
    return f"not here: {', '.join(missing)}; see scripts/proxies.sh" if missing else None


# marker -> what it needs and this machine has not
NEEDS: dict[str, Callable[[], str | None]] = {
    "browser": missing_for_browser,
    "interop": missing_for_interop,
    "go": missing_for_go,
    "apache": missing_for_apache,
    "proxies": missing_for_proxies,
    "postgresql": missing_for_postgresql,
    "pgbouncer": missing_for_pgbouncer,
}

# What a test marked `both_engines` is run over, and with `pooled=True` besides.
ENGINES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))
POOLED = pytest.param("pgbouncer", marks=[pytest.mark.postgresql, pytest.mark.pgbouncer])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=("sqlite", "postgresql", "pgbouncer"),
        default="sqlite",
        help="the database under tests that do not ask for both",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    both = metafunc.definition.get_closest_marker("both_engines")
    if both is not None and "engine" in metafunc.fixturenames:
        engines = (*ENGINES, POOLED) if both.kwargs.get("pooled") else ENGINES
        metafunc.parametrize("engine", engines, indirect=True, scope="session")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, missing in NEEDS.items():
        if item.get_closest_marker(marker) is None or (reason := missing()) is None:
            continue
        if os.environ.get("CI") == "true":
            pytest.fail(f"not run, and in CI every test runs: {reason}", pytrace=False)
        pytest.skip(f"not run: {reason}")


@pytest.fixture
async def browser() -> AsyncIterator["Browser"]:
    """A headless Chromium of the test's own; mark the test with `browser`."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser_path())
        yield chromium
        await chromium.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled database, made once for a worker."""
    path = tmp_path_factory.mktemp("template") / "ostiary.db"
    make_template(path)
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A server of the worker's own; mark the test with `postgresql`."""
    with running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def pgbouncer(postgresql: Cluster) -> Iterator[int]:
    """The port of a pooler in front of it."""
    with pooling(postgresql) as port:
        yield port


@pytest.fixture(scope="session")
def postgresql_template(postgresql: Cluster) -> PostgresqlSource:
    """The same database there."""
    return postgresql.make(make_template)


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    chosen: str = getattr(request, "param", request.config.getoption("--engine"))
    return chosen


@pytest.fixture
def source(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """A filled database of the test's own."""
    if engine != "sqlite":
        kept: PostgresqlSource = request.getfixturevalue("postgresql_template")
        restore(kept)
        pooler = engine == "pgbouncer"
        return pooled(kept, request.getfixturevalue("pgbouncer")) if pooler else kept
    copy_template(request.getfixturevalue("template"), tmp_path / "ostiary.db")
    return tmp_path / "ostiary.db"


@pytest.fixture
async def world(source: Source) -> AsyncIterator[World]:
    """A provider of the test's own."""
    opened = world_over(source, MovableClock())
    yield opened
    await opened.ostiary.close()
