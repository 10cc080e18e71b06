"""Peers in Python: each has a lock and an environment of its own."""

import sys
from pathlib import Path

FOLDERS = Path(__file__).parent / "peers"
ENVIRONMENTS = Path(sys.prefix) / "peers"


def program(peer: str, name: str) -> Path:
    return ENVIRONMENTS / peer / "bin" / name


def missing_packages(peer: str) -> str | None:
    if program(peer, "python").exists():
        return None
    return "its packages are not installed: make bench installs them"


def pinned_versions(peer: str, *packages: str) -> dict[str, str]:
    lines = (FOLDERS / peer / "requirements.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    return {package: pins[package] for package in packages}
