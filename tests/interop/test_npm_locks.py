"""The locks of the libraries from npm: one version each, and no host."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.interop.libraries_npm import NPM
from tests.interop.library import HERE

FOLDERS = sorted(package.parent for package in HERE.glob("*/package.json"))


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_each_folder_is_a_library() -> None:
    assert [folder.name for folder in FOLDERS] == sorted(library.name for library in NPM)


def test_the_lock_is_that_of_one_version(folder: Path) -> None:
    wanted: dict[str, str] = read(folder / "package.json")["dependencies"]
    packages = read(folder / "package-lock.json")["packages"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} is not pinned"
        assert packages[f"node_modules/{name}"]["version"] == version


def test_the_lock_names_no_host(folder: Path) -> None:
    packages = read(folder / "package-lock.json")["packages"]
    for name, package in packages.items():
        assert not name or ("integrity" in package and "resolved" not in package), name
    assert "omit-lockfile-registry-resolved=true" in (folder / ".npmrc").read_text(encoding="utf-8")
