"""One `ostiary dev` for the tests of a worker, and browsers to reach it with."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import httpx2
import pytest

from tests.flows.dev_server import DevServer, origin_of, serving
from tests.kit.person import Person

NewBrowser = Callable[[str], Person]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    with serving(tmp_path_factory.mktemp("dev")) as started:
        yield started


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """What an application's server asks with."""
    async with httpx2.AsyncClient() as client:
        yield client


@pytest.fixture
async def new_browser() -> AsyncIterator[NewBrowser]:
    """Somebody with an empty browser, who stays at the host of an issuer."""
    async with AsyncExitStack() as stack:

        def open_browser(issuer: str) -> Person:
            client = httpx2.AsyncClient(base_url=origin_of(issuer))
            stack.push_async_callback(client.aclose)
            return Person(client)

        yield open_browser
