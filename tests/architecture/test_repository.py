"""Nothing in the repository depends on the computer on which it was written."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# Where packages come from is each computer's own setting (pip.conf, .npmrc of the user).
REGISTRY = re.compile(
    rb"\bpypi[.]|python[h]osted[.]|\bregistry[.][a-z]+|\bnpm[m]irror[.]", re.IGNORECASE
)
# A path is not an URL's: no letter, digit or dot stands before its first slash.
MACHINE_PATH = re.compile(rb"(?<![\w.~/-])/(?:work|root|home/[a-z]\w*|Users/\w+)/")


def repository_files() -> Iterator[Path]:
    """What is tracked, and what would be with the next `git add --all`."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        pytest.skip("not run: this is not a git repository")
    for name in filter(None, run.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            yield path


def lines_that_match(pattern: re.Pattern[bytes]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in repository_files()
        for number, line in enumerate(path.read_bytes().splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert lines_that_match(REGISTRY) == []


def test_no_file_names_a_path_of_one_computer() -> None:
    assert lines_that_match(MACHINE_PATH) == []


def test_no_lock_file_says_where_a_package_came_from() -> None:
    locks = [path for path in repository_files() if path.name == "package-lock.json"]
    resolved = [path for path in locks if b'"resolved"' in path.read_bytes()]
    assert [str(path.relative_to(ROOT)) for path in resolved] == []


def test_constraints_are_versions_alone() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if re.fullmatch(r"[\w.-]+==[\w.+!]+", pin) is None] == []
    assert pins == sorted(pins, key=str.casefold)
