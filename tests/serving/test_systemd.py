"""What systemd hears, over a socket as it would make it; and the unit that is shipped."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.serving import systemd
from tests.kit.server import ROOT, Site
from tests.serving.conftest import Start
from tests.serving.visitors import ask, token_request

UNIT = ROOT / "contrib/systemd/ostiary.service"


class Listening:
    """The other end of sd_notify."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1))
        self._socket.settimeout(20)

    def hear(self, wanted: str) -> str:
        """The next message that begins so; others may come before it."""
        while not (message := self._socket.recv(4096).decode()).startswith(wanted):
            pass
        return message

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["file", "abstract"])
def listening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listening]:
    name = f"@ostiary-test-{os.getpid()}" if request.param == "abstract" else f"{tmp_path}/notify"
    opened = Listening(name)
    yield opened
    opened.close()


def test_a_message_arrives(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", listening.address)
    systemd.notify(systemd.READY)
    assert listening.hear("") == "READY=1"


def test_nobody_is_told_where_nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.notify(systemd.READY)
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    systemd.notify(systemd.READY)


@pytest.mark.parametrize(
    ("variables", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_told_twice_in_its_time(
    variables: dict[str, str], interval: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert systemd.watchdog_interval() == interval


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_service_tells_its_life(
    site: Site, start: Start, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = Listening(f"{tmp_path}/notify")
    monkeypatch.setenv("NOTIFY_SOCKET", listening.address)
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    try:
        running = start(settings={"server.workers": workers})
        listening.hear("READY=1")
        assert (await ask(site.port, token_request(site))).status == 200
        for _ in range(3):
            listening.hear("WATCHDOG=1")
        os.kill(running.pid, signal.SIGHUP)
        assert "MONOTONIC_USEC=" in listening.hear("RELOADING=1")
        listening.hear("READY=1")
        os.kill(running.pid, signal.SIGTERM)
        listening.hear("STOPPING=1")
    finally:
        listening.close()


def test_the_unit_is_one_that_systemd_reads(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here")
    unit = tmp_path / "ostiary.service"
    unit.write_text(UNIT.read_text().replace("/opt/ostiary/bin/ostiary", "/bin/true"))
    run = subprocess.run(
        ("systemd-analyze", "verify", str(unit)), capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_the_unit_gives_the_key_and_the_folder_that_serve_looks_for() -> None:
    from ostiary.settings import CREDENTIAL_NAME

    unit = UNIT.read_text()
    assert f"LoadCredential={CREDENTIAL_NAME}:" in unit
    for line in (
        "Type=notify",
        "DynamicUser=yes",
        "ProtectSystem=strict",
        "StateDirectory=ostiary",
    ):
        assert f"\n{line}\n" in unit
