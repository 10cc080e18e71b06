"""The locks of the peers: one version each, and no host."""

import json
import re
from pathlib import Path

import pytest

import benchmarks

PEERS = Path(benchmarks.__path__[0]) / "peers"


@pytest.mark.parametrize(
    "lock", [*PEERS.glob("*/package-lock.json")], ids=lambda lock: lock.parent.name
)
def test_a_lock_of_npm_names_no_host(lock: Path) -> None:
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    assert all("resolved" not in each for each in packages.values())
    wanted = json.loads((lock.parent / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for name, version in wanted.items():
        assert packages[f"node_modules/{name}"]["version"] == version


@pytest.mark.parametrize(
    "lock", [*PEERS.glob("*/requirements.txt")], ids=lambda lock: lock.parent.name
)
def test_a_lock_of_python_pins_each_package(lock: Path) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if not line.startswith("#")]
    assert len(named) > 5
    assert [line for line in named if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
