"""The end of a process that has visitors: nobody who got a connection is left without an answer."""

import asyncio
import signal
import time

import pytest

from tests.kit.server import Site, free_port
from tests.serving.conftest import Start
from tests.serving.visitors import ask, get, read_answer, token_request, visiting
from tests.serving.waiting import refuses, until

SECONDS_TO_STOP = 5.0


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_st_25_under_load_every_request_is_answered_whole_or_not_taken(
    site: Site, start: Start, workers: int, number: signal.Signals
) -> None:
    running = start(settings={"server.workers": workers})
    async with visiting([site.port], token_request(site)) as visitors:
        began = time.monotonic()
        running.server.process.send_signal(number)
        await until(lambda: running.server.process.poll() is not None)
        assert time.monotonic() - began < SECONDS_TO_STOP
    assert visitors.broken == []
    assert set(visitors.statuses) == {200}
    assert visitors.refused > 0
    assert running.server.process.returncode == 0


@pytest.mark.spec("RFC 9112 §9.6")
async def test_st_25_what_was_begun_is_finished_and_says_that_it_is_the_last(
    site: Site, start: Start
) -> None:
    running = start()
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    request = token_request(site)
    writer.write(request[:-5])
    await ask(site.port, get("/livez"))  # our first bytes have been read by now
    running.server.process.send_signal(signal.SIGTERM)
    await until(lambda: refuses(site.port))
    writer.write(request[-5:])
    answer = await read_answer(reader)
    assert (answer.status, answer.is_last) == (200, True)
    assert await reader.read() == b""
    writer.close()


async def test_who_never_finishes_is_not_waited_for(site: Site, start: Start) -> None:
    running = start()
    _, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(token_request(site)[:-5])
    await ask(site.port, get("/livez"))
    began = time.monotonic()
    running.server.process.send_signal(signal.SIGTERM)
    await until(lambda: running.server.process.poll() is not None)
    assert time.monotonic() - began < SECONDS_TO_STOP
    assert running.server.process.returncode == 0
    writer.close()


@pytest.mark.parametrize("workers", [1, 2])
async def test_readiness_fails_first_and_requests_are_still_taken(
    site: Site, start: Start, workers: int
) -> None:
    management = free_port()
    settings = {
        "server.workers": workers,
        "server.drain_seconds": 30,
        "management.port": management,
    }
    running = start(settings=settings)
    assert (await ask(management, get("/readyz"))).status == 200
    running.server.process.send_signal(signal.SIGTERM)
    while (probe := await ask(management, get("/readyz?verbose"))).status == 200:
        await asyncio.sleep(0.02)
    assert b"draining: this process was told to stop" in probe.body
    assert (await ask(management, get("/livez"))).status == 200
    answer = await ask(site.port, token_request(site))
    assert (answer.status, answer.is_last) == (200, True)
    # A second signal says: at once.
    running.server.process.send_signal(signal.SIGTERM)
    await until(lambda: running.server.process.poll() is not None)
    assert running.server.process.returncode == 0


async def test_two_processes_restarted_in_turn_lose_no_request(site: Site, start: Start) -> None:
    """As behind a balancer, which sends nobody where a connection is refused."""
    other = free_port()
    ports = [site.port, other]
    running = {port: start(port) for port in ports}
    async with visiting(ports, token_request(site)) as visitors:
        for port in ports:
            running[port].server.process.send_signal(signal.SIGTERM)
            await until(lambda port=port: running[port].server.process.poll() is not None)  # type: ignore[misc]
            await asyncio.to_thread(start, port)
            await visitors.answered(50)
    assert visitors.broken == []
    assert set(visitors.statuses) == {200}
