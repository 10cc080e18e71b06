"""/metrics of real processes: one answer for all workers, whichever of them gives it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.kit.server import MASTER_KEY_TEXT, Site, free_port, start_server
from tests.kit.world import SECRET
from tests.serving.conftest import Start
from tests.serving.visitors import ask, get, token_request
from tests.serving.waiting import until
from tests.telemetry.counted import samples

ISSUED = "ostiary_token_requests_total{grant_type=client_credentials,outcome=ok}"


def look(port: int) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        return samples(answer.read())


async def test_the_sums_are_of_all_workers_and_stay_when_one_dies(
    site: Site, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    private = free_port()
    running = start(settings={"server.workers": 2, "management.port": private})
    for _ in range(24):
        assert (await ask(site.port, token_request(site))).status == 200
    await until(lambda: look(private).get(ISSUED) == 24)
    found = look(private)
    assert found["ostiary_processes"] == 2
    assert found["ostiary_store_duration_seconds_count{operation=read}"] > 0
    assert any(name.startswith("ostiary_build_info{") for name in found)
    os.kill(running.workers()[0], signal.SIGKILL)
    await until(lambda: look(private)["ostiary_processes"] == 1)
    assert look(private)[ISSUED] == 24
    await until(lambda: look(private)["ostiary_processes"] == 2)
    assert look(private)[ISSUED] == 24
    assert [*scratch.glob("ostiary-metrics-*")]
    running.server.stop()
    assert not [*scratch.iterdir()]


async def test_counting_goes_on_when_the_configuration_is_read_anew(
    site: Site, start: Start
) -> None:
    private = free_port()
    running = start(settings={"management.port": private})
    assert (await ask(site.port, token_request(site))).status == 200
    os.kill(running.pid, signal.SIGHUP)
    await until(lambda: running.log("configuration read anew"))
    assert (await ask(site.port, token_request(site))).status == 200
    assert look(private)[ISSUED] == 2


@pytest.fixture
def full_disk() -> Iterator[int]:
    full = os.open("/dev/full", os.O_WRONLY)
    yield full
    os.close(full)


async def test_ll_04_ll_06_lines_that_are_lost_are_counted_where_operators_look_and_nowhere_else(
    site: Site, full_disk: int
) -> None:
    private = free_port()
    settings = {"management.port": private, "log.requests": "true", "log.level": "info"}
    server = start_server(site, errors=full_disk, settings=settings)
    try:
        for _ in range(3):
            assert (await ask(site.port, token_request(site))).status == 200
        with urlopen(f"http://127.0.0.1:{private}/metrics") as answer:
            exposed = answer.read()
        public = await ask(site.port, get("/metrics", f"localhost:{site.port}"))
    finally:
        server.stop()
    assert samples(exposed)["ostiary_log_write_failures_total"] >= 3
    for secret in (MASTER_KEY_TEXT, SECRET, str(site.database)):
        assert secret not in exposed.decode()
    assert public.status == 404
