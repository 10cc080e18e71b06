"""A store of the test's own, over an empty database whose schema is current."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ostiary.storage.schema import ensure_schema
from ostiary.storage.source import PostgresqlSource, Source
from ostiary.storage.store import Store
from tests.kit.postgresql import Cluster, restore
from tests.storage.rows import fill


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once for a worker."""
    path = tmp_path_factory.mktemp("empty") / "ostiary.db"
    ensure_schema(path)
    return path


@pytest.fixture(scope="session")
def postgresql_empty(postgresql: Cluster) -> PostgresqlSource:
    """The same there."""
    return postgresql.make(ensure_schema)


@pytest.fixture
def path(empty: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "ostiary.db"
    shutil.copy(empty, copy)
    return copy


@pytest.fixture
def source(engine: str, request: pytest.FixtureRequest) -> Source:
    """A migrated database with nothing in it."""
    if engine == "postgresql":
        kept: PostgresqlSource = request.getfixturevalue("postgresql_empty")
        restore(kept)
        return kept
    copy: Path = request.getfixturevalue("path")
    return copy


@pytest.fixture
async def store(source: Source) -> AsyncIterator[Store]:
    opened = Store.open(source)
    yield opened
    opened.close()


@pytest.fixture
async def filled(store: Store) -> Store:
    """The store with one row of everything in the issuer "left"."""
    await fill(store, "left")
    return store
