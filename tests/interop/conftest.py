"""The library of a test, its desk, and a note on each report of what the test showed of which library."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ostiary.domain.client import AuthMethod
from tests.flows.conftest import NewBrowser, http, new_browser, server
from tests.flows.dev_server import DevServer
from tests.interop.desk import Desk
from tests.interop.libraries import LIBRARIES
from tests.interop.library import Library
from tests.interop.pages import ISSUER, free_port, serving, write_program
from tests.interop.tab import PAGE_PORT, Tab
from tests.interop.table import PROPERTY

if TYPE_CHECKING:
    from playwright.async_api import Browser

__all__ = ["http", "new_browser", "server"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks stay with their worker; notes travel on the reports to who writes the table."""
    for item in items:
        library = item.get_closest_marker("library")
        words = [word for mark in item.iter_markers("shows") for word in mark.args]
        if library is not None and words:
            item.user_properties.append((PROPERTY, "\t".join([*library.args, *words])))


@pytest.fixture
def library(request: pytest.FixtureRequest) -> Library:
    """The one that the test is marked with."""
    mark = request.node.get_closest_marker("library")
    return LIBRARIES[mark.args[0]]


@pytest.fixture(params=["enterprise", "consumer"])
def issuer_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(server: DevServer, issuer_name: str, library: Library, new_browser: NewBrowser) -> Desk:
    return Desk(server, issuer_name, library, new_browser)


@pytest.fixture
async def page_origin(desk: Desk, tmp_path: Path) -> AsyncIterator[str]:
    """Where the development server of oidc-client-ts' page listens, with its files and ours."""
    port = free_port()
    origin = f"http://localhost:{port}"
    changes = {ISSUER: desk.issuer, PAGE_PORT: str(port)}
    if desk.issuer_name == "enterprise":  # the one that the page names
        registered = await desk.add_client(
            auth_method=AuthMethod.NONE, redirect_uris=(f"{origin}/callback",)
        )
        changes["demo-spa"] = registered["client_id"]
    write_program(desk.library, tmp_path, changes)
    async with serving(("node", "server.mjs"), tmp_path, port):
        yield origin


@pytest.fixture
async def tab(desk: Desk, browser: "Browser", page_origin: str) -> Tab:
    context = await browser.new_context()
    context.set_default_timeout(10_000)
    return Tab(desk, await context.new_page(), page_origin)
