"""A site and a visitor for each test, and one browser for all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.conftest import browser_path
from tests.web.site import Site, make_demo, open_site
from tests.web.visitor import Visitor, visit


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Started once for a worker; each visitor has cookies and history of its own."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser_path())
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled database, made once for a worker: hashing takes its time."""
    path = tmp_path_factory.mktemp("demo") / "ostiary.db"
    await make_demo(path)
    return path


@pytest_asyncio.fixture(loop_scope="session")
async def site(demo: Path, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(demo, tmp_path / "ostiary.db") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, site: Site) -> AsyncIterator[Visitor]:
    async with visit(browser, site) as visiting:
        yield visiting


@pytest_asyncio.fixture(loop_scope="session")
async def unscripted(browser: Browser, site: Site) -> AsyncIterator[Visitor]:
    """A visitor with JavaScript switched off."""
    async with visit(browser, site, java_script_enabled=False) as visiting:
        yield visiting
