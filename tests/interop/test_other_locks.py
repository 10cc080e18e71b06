"""The locks of the libraries from elsewhere than npm: what they name is what is run, and no host."""

import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.interop.libraries import LIBRARIES
from tests.interop.library import HERE

REQUIREMENTS = sorted(HERE.glob("*/requirements.txt"))


def pins(lock: Path) -> dict[str, str]:
    lines = lock.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if not line.startswith("#")]
    assert [line for line in named if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    return dict(line.split("==") for line in named)


@pytest.mark.interop
@pytest.mark.parametrize("lock", REQUIREMENTS, ids=lambda lock: lock.parent.name)
def test_the_environment_is_that_of_the_lock(lock: Path) -> None:
    """With all that the library stands on, and nothing besides."""
    environment = Path(sys.prefix, "interop", lock.parent.name)
    [packages] = environment.glob("lib/python*/site-packages")
    installed = {each.name: each.version for each in distributions(path=[str(packages)])}
    assert installed == pins(lock)


@pytest.mark.go
@pytest.mark.slow_interop
def test_the_program_in_go_was_built_from_its_lock() -> None:
    library = LIBRARIES["go-oidc"]
    told = subprocess.run(
        ("go", "version", "-m", *library.command), capture_output=True, text=True, check=True
    )
    built = dict(re.findall(r"^\tdep\t(\S+)\tv(\S+)", told.stdout, re.MULTILINE))
    lock = (library.folder / "go.mod").read_text(encoding="utf-8")
    required = dict(re.findall(r"([\w.-]+\.\w+/\S+) v(\S+)", lock))
    assert len(required) == 3
    assert built == required


@pytest.mark.apache
@pytest.mark.slow_interop
def test_the_module_of_apache_is_that_of_the_lock() -> None:
    library = LIBRARIES["mod_auth_openidc"]
    command = ("dpkg-query", "--show", "--showformat=${Version}", "libapache2-mod-auth-openidc")
    installed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert installed.partition("-")[0] == library.version(library)
