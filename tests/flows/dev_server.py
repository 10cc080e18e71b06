"""The real thing: `ostiary dev` as a process of its own, on a free port and with a folder of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SECONDS_TO_START = 30
SECONDS_TO_STOP = 10
ATTEMPTS = 3

# What the surroundings say must not change what is tested.
_ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DevServer:
    """`said` is the JSON object that the command printed."""

    process: subprocess.Popen[bytes]
    port: int
    data: Path
    stdout: Path
    said: dict[str, Any]

    def issuer(self, name: str) -> str:
        return next(str(each["issuer"]) for each in self.said["issuers"] if each["name"] == name)

    def client(self, client_id: str) -> dict[str, Any]:
        found = (each for each in self.said["clients"] if each["client_id"] == client_id)
        return next(dict(each) for each in found)

    def stop(self) -> int:
        """Ask it to end, as a service manager does; its exit code."""
        self.process.terminate()
        return self.process.wait(SECONDS_TO_STOP)


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[DevServer]:
    """A server with its data below `folder`, ended with the block; port 0 is any free one."""
    server = _start(folder, port)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            try:
                server.stop()
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()


def _start(folder: Path, port: int) -> DevServer:
    # A free port may be taken by somebody else before the server is there.
    for _ in range(1 if port else ATTEMPTS):
        server = _try_to_start(folder, port)
        if server is not None:
            return server
    raise AssertionError(f"ostiary dev did not start: {(folder / 'stderr').read_text()}")


def _try_to_start(folder: Path, port: int) -> DevServer | None:
    data = folder / "data"
    stdout = folder / "stdout"
    command = (sys.executable, "-m", "ostiary", "dev", "--port", str(port), "--data", str(data))
    with stdout.open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            (*command, "--json"), stdout=out, stderr=err, cwd=folder, env=_ENVIRONMENT
        )
    said = _wait_for_json(process, stdout)
    if said is None:
        return None
    chosen = urlsplit(said["issuers"][0]["issuer"]).port
    assert chosen is not None
    return DevServer(process=process, port=chosen, data=data, stdout=stdout, said=said)


def _wait_for_json(process: subprocess.Popen[bytes], stdout: Path) -> dict[str, Any] | None:
    """What the command prints once it answers; None when it has ended instead."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            said: dict[str, Any] = json.loads(stdout.read_text(encoding="utf-8"))
            return said
        except ValueError:
            if process.poll() is not None:
                return None
        time.sleep(0.01)
    process.kill()
    process.wait()
    raise AssertionError("ostiary dev neither answered nor ended")
