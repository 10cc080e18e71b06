"""Several workers below a supervisor: who dies is replaced, and who is stuck is noticed."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest

from tests.kit.server import Site, free_port, server_environment, variables
from tests.serving.conftest import Start
from tests.serving.visitors import ask, get, token_request, visiting
from tests.serving.waiting import until


async def test_a_worker_that_dies_is_replaced_and_nobody_waits_for_it(
    site: Site, start: Start
) -> None:
    running = start(settings={"server.workers": 2})
    before = running.workers()
    assert len(before) == 2
    async with visiting([site.port], token_request(site)) as visitors:
        os.kill(before[0], signal.SIGKILL)
        await until(lambda: set(running.workers()) - set(before) and len(running.workers()) == 2)
        answered = visitors.statuses.total()
        await visitors.answered(200)
    # Its own connections are cut. What had queued for it was answered by the next one.
    assert visitors.refused == 0
    assert len(visitors.broken) <= 8
    assert answered > 0
    (death,) = running.log("worker died")
    assert (death["pid"], death["how"]) == (before[0], "SIGKILL")


async def test_workers_that_die_again_and_again_are_replaced_ever_more_slowly(
    site: Site, start: Start
) -> None:
    running = start(settings={"server.workers": 2})
    first, survivor = running.workers()
    victims = [first]

    def successors() -> set[int]:
        return set(running.workers()) - {*victims, survivor}

    for _ in range(3):
        os.kill(victims[-1], signal.SIGKILL)
        await until(successors)
        victims += successors()
    pauses = [each["next_in_seconds"] for each in running.log("worker died")]
    assert pauses == [0.5, 1.0, 2.0]
    assert (await ask(site.port, token_request(site))).status == 200


def test_the_supervisor_gives_up_when_no_worker_can_live(site: Site, start: Start) -> None:
    running = start(settings={"server.workers": 2})
    running.server.stop()
    # Enough files for the supervisor, and not for a store and an event loop.
    again = ("bash", "-c", 'ulimit -n 18; exec "$@"', "-", *running.server.process.args)  # type: ignore[misc]
    settings = variables({"server.workers": 2})
    run = subprocess.run(
        again,
        env={**server_environment(), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert "the workers die before they answer; see the log above for the reason" in run.stderr
    assert run.stderr.count("worker died") == 5
    assert "Traceback" not in run.stderr.splitlines()[-1]


async def test_workers_stop_when_their_supervisor_is_killed(site: Site, start: Start) -> None:
    running = start(settings={"server.workers": 2})
    workers = running.workers()
    os.kill(running.pid, signal.SIGKILL)
    await until(lambda: not any(_lives(pid) for pid in workers))
    assert len(running.log("the supervisor has died")) == 2


async def test_readiness_is_that_of_all_workers(site: Site, start: Start) -> None:
    management = free_port()
    running = start(settings={"server.workers": 2, "management.port": management})
    assert b"workers: ok" in (await ask(management, get("/readyz?verbose"))).body
    silent, _ = running.workers()
    os.kill(silent, signal.SIGSTOP)
    try:
        # A connection may queue for the silent one alone, if it was in the middle of accepting.
        deadline = time.monotonic() + 15
        while (probe := await ask(management, get("/readyz?verbose"))).status == 200:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
    finally:
        os.kill(silent, signal.SIGCONT)
    assert b"workers: 1 of 2 answer" in probe.body
    while (await ask(management, get("/readyz"))).status != 200:
        await asyncio.sleep(0.05)


async def test_both_workers_write_to_one_file(site: Site, start: Start) -> None:
    start(settings={"server.workers": 2})
    async with visiting([site.port], token_request(site)) as visitors:
        await visitors.answered(200)
    assert set(visitors.statuses) == {200}
    with closing(sqlite3.connect(site.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_server_at_the_port_is_refused(start: Start, workers: int) -> None:
    first = start(settings={"server.workers": 2})
    again = (*first.server.process.args, "--workers", str(workers))  # type: ignore[misc]
    run = subprocess.run(
        again,
        env=server_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert f"cannot listen on localhost:{first.server.port}" in run.stderr
    assert "--port, or server.port" in run.stderr


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
