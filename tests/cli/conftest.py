"""A directory as `ostiary init` and `ostiary apply` leave it."""

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.terminal import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the test; no setting comes from outside."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("OSTIARY_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once for a worker: keys and the schema take a second."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run("init").code == 0
        Path("data.toml").write_text(run("apply", "--example").out, "utf-8")
        assert run("apply", "-f", "data.toml").code == 0
    return folder


@pytest.fixture
def installed(folder: Path, prepared: Path) -> Path:
    """The test's directory with a configuration, a master key and the example's data."""
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    return folder
