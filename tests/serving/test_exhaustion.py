"""A process that runs out of what the machine allows it. Catalogue ST-26."""

import asyncio
import resource
import socket
from contextlib import ExitStack

from tests.kit.server import Site
from tests.serving.conftest import Start
from tests.serving.visitors import ask, token_request

FEW_FILES = 60


async def status_of(site: Site) -> int | None:
    """None where nobody answers."""
    try:
        async with asyncio.timeout(2):
            return (await ask(site.port, token_request(site))).status
    except (OSError, EOFError):  # a TimeoutError is an OSError
        return None


async def test_st_26_without_a_file_handle_left_it_waits_and_goes_on(
    site: Site, start: Start
) -> None:
    running = start(settings={"limits.head_seconds": 1})
    resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (FEW_FILES, FEW_FILES))
    with ExitStack() as visitors:
        for _ in range(3 * FEW_FILES):
            address = ("127.0.0.1", site.port)
            visitors.enter_context(socket.create_connection(address, timeout=5))
        await asyncio.sleep(0.5)  # in which it tries to take them all
        assert running.server.process.poll() is None
    # It is told that they have gone one by one; until then who comes is turned away.
    async with asyncio.timeout(30):
        while await status_of(site) != 200:
            await asyncio.sleep(0.05)
    assert running.server.process.poll() is None
