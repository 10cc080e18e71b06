"""What is known of a client library: where its lock is, how it is run, how it tells of a refusal."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library, how its program is started, and how it tells of what went wrong."""

    name: str  # also its folder
    title: str
    version: Callable[["Library"], str]  # out of its lock
    command: tuple[str, ...] = ()  # none: it lives in a browser or a server, with tests of its own
    # The kind of error in which it tells of a refusal by the token endpoint, of one by /auth, and
    # of a state that is not its own (where the library keeps state and verifier to itself).
    token_failure: str = ""
    authorization_failure: str = ""
    state_failure: str = ""
    # What it can do beyond what every library does: words of test_client_libraries.py.
    scenarios: frozenset[str] = frozenset()
    # Where its client has to be registered otherwise than demo-web: members of a Client.
    registration: Mapping[str, Any] = field(default_factory=dict)
    # Markers beside `library`: what it needs (tests/conftest.py), whether it is slow.
    markers: tuple[str, ...] = ()
    # The page "Connect a client" in docs/how-to, and what starts the program that stands on it.
    page: str = ""
    start: tuple[str, ...] = ()
    pastes: bool = (
        False  # that program listens nowhere: it asks for the address on its standard input
    )
    notes: str = ""

    @property
    def folder(self) -> Path:
        return HERE / self.name

    @property
    def marks(self) -> list[pytest.MarkDecorator]:
        named = [getattr(pytest.mark, marker) for marker in self.markers]
        return [pytest.mark.library(self.name), *named]


def npm_version(package: str) -> Callable[[Library], str]:
    """The one of package-lock.json."""

    def version(library: Library) -> str:
        lock = json.loads((library.folder / "package-lock.json").read_text(encoding="utf-8"))
        return str(lock["packages"][f"node_modules/{package}"]["version"])

    return version


def pip_version(package: str) -> Callable[[Library], str]:
    """The one of requirements.txt."""

    def version(library: Library) -> str:
        lines = (library.folder / "requirements.txt").read_text(encoding="utf-8")
        found = re.search(rf"^{re.escape(package)}==(\S+)", lines, re.MULTILINE)
        assert found is not None, f"{package} has no version in the lock of {library.name}"
        return found[1]

    return version


def go_version(*modules: str) -> Callable[[Library], str]:
    """Those of go.mod."""

    def version(library: Library) -> str:
        lock = (library.folder / "go.mod").read_text(encoding="utf-8")
        found = [re.search(rf"{re.escape(module)} v(\S+)", lock) for module in modules]
        assert all(found), f"{modules} have no versions in the lock of {library.name}"
        return ", ".join(each[1] for each in found if each)

    return version


def debian_version(package: str) -> Callable[[Library], str]:
    """The one of packages.txt, which is what apt-get is told: a version of the makers, of any revision."""

    def version(library: Library) -> str:
        lines = (library.folder / "packages.txt").read_text(encoding="utf-8")
        found = re.search(rf"^{re.escape(package)}=(\S+?)\*?$", lines, re.MULTILINE)
        assert found is not None, f"{package} has no version in the lock of {library.name}"
        return found[1]

    return version


def python_of(name: str) -> str:
    """The interpreter of the environment that `make interop-setup` made for a requirements.txt."""
    return str(Path(sys.prefix) / "interop" / name / "bin" / "python")


def program_of(name: str) -> str:
    """What `make interop` built of a program in Go."""
    return str(Path(sys.prefix) / "interop" / name / "client")


# What a library can do that leaves everything to its caller.
EVERYTHING = frozenset(
    {
        "checks_algorithm",
        "client_credentials",
        "client_secret_basic",
        "dropped_scope",
        "public",
        "refresh",
        "wrong_verifier",
    }
)
