"""What is compared: Ostiary, once for each algorithm of its access tokens, and its peers.

To add a peer, put it below peers/, write a function that describes it and list it in SUBJECTS.
"""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks.processes import output_of

PEER = "oidc-provider"
PEER_FOLDER = Path(__file__).parent / "peers" / PEER
OSTIARY = Path(sys.executable).parent / "ostiary"
PASSWORD = "ostiary-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """How one provider is started, and what it has to be told apart from the others."""

    name: str
    is_ours: bool
    access_token_algorithm: str
    command: Callable[[int, Path], tuple[str, ...]]
    """From a port and a data folder to the command that serves `issuer(port)`."""
    missing: Callable[[], str | None]
    """What has to be installed before, if anything."""
    answers: Mapping[str, str]
    versions: Callable[[], dict[str, str]]
    api: str | None = None

    def issuer(self, port: int) -> str:
        return f"http://localhost:{port}"


def oidc_provider() -> Subject:
    return Subject(
        name=PEER,
        is_ours=False,
        access_token_algorithm="RS256",
        command=oidc_provider_command,
        missing=oidc_provider_missing,
        answers={"login": "alice", "password": PASSWORD},
        versions=oidc_provider_versions,
        api="urn:benchmark:api",
    )


def oidc_provider_command(port: int, data: Path) -> tuple[str, ...]:
    return ("node", str(PEER_FOLDER / "server.mjs"), str(port), str(data))


def oidc_provider_missing() -> str | None:
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if not (PEER_FOLDER / "node_modules" / PEER).exists():
        return f"its packages are not installed: npm ci --prefix benchmarks/peers/{PEER}"
    return None


def oidc_provider_versions() -> dict[str, str]:
    package = json.loads((PEER_FOLDER / "node_modules" / PEER / "package.json").read_text())
    return {PEER: str(package["version"]), "node": output_of("node", "--version")}


def ostiary(access_token_algorithm: str) -> Subject:
    return Subject(
        name=f"ostiary-{access_token_algorithm.lower()}",
        is_ours=True,
        access_token_algorithm=access_token_algorithm,
        command=partial(ostiary_command, access_token_algorithm),
        missing=ostiary_missing,
        answers={"username": "alice", "password": PASSWORD, "decision": "allow"},
        versions=ostiary_versions,
    )


def ostiary_command(access_token_algorithm: str, port: int, data: Path) -> tuple[str, ...]:
    where = ("--port", str(port), "--data", str(data))
    return (str(OSTIARY), "dev", *where, "--access-token-alg", access_token_algorithm, "--json")


def ostiary_missing() -> str | None:
    return (
        None if output_of(str(OSTIARY), "dev", "--help") else "the command ostiary dev does not run"
    )


def ostiary_versions() -> dict[str, str]:
    packages = ("ostiary", "uvicorn", "uvloop", "httptools", "cryptography")
    return {package: version(package) for package in packages}


SUBJECTS = (oidc_provider(), ostiary("RS256"), ostiary("ES256"))
