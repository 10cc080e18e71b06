"""A store of the test's own, over an empty database whose schema is current."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ostiary.storage.schema import ensure_schema
from ostiary.storage.store import Store
from tests.storage.rows import fill


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once for a worker."""
    path = tmp_path_factory.mktemp("empty") / "ostiary.db"
    ensure_schema(path)
    return path


@pytest.fixture
def path(empty: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "ostiary.db"
    shutil.copy(empty, copy)
    return copy


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    opened = Store.open(path)
    yield opened
    opened.close()


@pytest.fixture
async def filled(store: Store) -> Store:
    """The store with one row of everything in the issuer "left"."""
    await fill(store, "left")
    return store
