"""A process that runs out of what the machine allows it. Catalogue ST-26."""

import asyncio
import os
import resource
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

from tests.kit.server import Site, start_server
from tests.serving.conftest import Start
from tests.serving.visitors import ask, get, token_request

FEW_FILES = 60


async def status_of(site: Site) -> int | None:
    """None where nobody answers."""
    try:
        return (await ask(site.port, token_request(site))).status
    except (OSError, EOFError):
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
    async with asyncio.timeout(10):
        while await status_of(site) != 200:
            await asyncio.sleep(0.05)
    assert running.server.process.poll() is None


async def test_st_26_without_memory_it_says_no_or_ends_and_starts_clean(
    site: Site, start: Start
) -> None:
    running = start()
    used = int(Path(f"/proc/{running.pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(running.pid, resource.RLIMIT_AS, (used, used))
    for _ in range(50):
        status = await status_of(site)
        if status is None:
            break
        assert status in {200, 500, 503}
    os.kill(running.pid, signal.SIGKILL)
    running.server.process.wait()
    again = start_server(site)
    try:
        assert (await ask(site.port, token_request(site))).status == 200
        assert (await ask(site.port, get("/readyz"))).status == 200
    finally:
        again.stop()
