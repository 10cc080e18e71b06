"""The schema on PostgreSQL: brought up once, by whoever comes first, wholly or not at all. ST-13."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from ostiary.storage.database import StoreUnavailable
from ostiary.storage.schema import (
    HEAD,
    SchemaState,
    ensure_schema,
    ensure_schema_beside,
    schema_state,
    schema_version,
)
from ostiary.storage.source import PostgresqlSource
from ostiary.storage.store import Store
from tests.kit.outside import tables
from tests.kit.pgbouncer import pooled
from tests.kit.postgresql import Cluster, query
from tests.kit.server import free_port
from tests.storage.rows import fill

pytestmark = pytest.mark.postgresql

PROCESSES = 4


@pytest.fixture
def new(postgresql: Cluster) -> PostgresqlSource:
    return postgresql.make()


def test_st_13_four_processes_at_once_make_one_schema(
    new: PostgresqlSource, postgresql_empty: PostgresqlSource
) -> None:
    assert schema_state(schema_version(new)) is SchemaState.EMPTY
    with ThreadPoolExecutor(PROCESSES) as threads:
        list(threads.map(ensure_schema_beside, [new] * PROCESSES))
    assert schema_version(new) == HEAD
    assert tables(new) == tables(postgresql_empty)


def test_a_migration_that_fails_leaves_nothing(new: PostgresqlSource) -> None:
    query(new, "CREATE TABLE throttles (name TEXT)")
    with pytest.raises(Exception, match="throttles"):
        ensure_schema(new)
    assert tables(new) == ["throttles"]
    query(new, "DROP TABLE throttles")
    ensure_schema(new)
    assert schema_version(new) == HEAD


def test_a_newer_schema_is_refused_and_left_alone(new: PostgresqlSource) -> None:
    ensure_schema(new)
    query(new, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="newer"):
        ensure_schema(new)
    assert schema_version(new) == "9999"


@pytest.mark.pgbouncer
def test_a_schema_is_made_and_filled_through_a_pooler(
    new: PostgresqlSource, pgbouncer: int
) -> None:
    source = pooled(new, pgbouncer)
    ensure_schema_beside(source)
    assert schema_version(source) == HEAD

    async def use() -> None:
        stores = [Store.open(source) for _ in range(PROCESSES)]
        await asyncio.gather(
            *(fill(store, f"issuer-{number}") for number, store in enumerate(stores))
        )
        for store in stores:
            store.close()

    asyncio.run(use())
    assert len(query(new, "SELECT 1 FROM issuers")) == PROCESSES


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    source = PostgresqlSource(url=f"postgresql://ostiary:hidden@127.0.0.1:{free_port()}/x")
    for look in (schema_version, ensure_schema, ensure_schema_beside):
        with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1") as caught:
            look(replace(source))
        assert "hidden" not in str(caught.value)
