"""An empty store with its schema."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.storage.schema import ensure_schema
from ostiary.storage.store import Store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "ostiary.sqlite3"
    ensure_schema(path)
    return path


@pytest.fixture
def store(empty_database: Path, tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "ostiary.sqlite3"
    shutil.copy(empty_database, path)
    opened = Store.open(path)
    yield opened
    opened.close()
