"""Alembic's environment: one transaction for all outstanding migrations."""

import asyncio
from dataclasses import replace
from uuid import uuid4

from alembic import context
from sqlalchemy import URL, Connection, create_engine, event, pool

from ostiary.storage.source import PostgresqlSource

# Processes that start at once take turns on it; "ostiary" in its bytes.
LOCK = 0x6F737469617279
# Building an index on a large table takes its time.
LONGEST_SECONDS = 3600.0
source = context.config.attributes["source"]


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


def migrate_sqlite() -> None:
    address = URL.create("sqlite", database=str(source))
    engine = create_engine(address, poolclass=pool.NullPool)

    # Python's sqlite3 begins transactions late and not for DDL; ours must hold all of a migration,
    # so that a process killed in the middle leaves the schema as it was.
    @event.listens_for(engine, "connect")
    def _leave_transactions_to_us(connection, _record):  # type: ignore[no-untyped-def]
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        migrate(connection)


async def migrate_postgresql() -> None:
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415  not for those with a file

    from ostiary.storage.postgresql.connecting import Driver, connect  # noqa: PLC0415

    async def open_connection() -> Driver:
        connection, _ = await connect(
            replace(source, statement_timeout=LONGEST_SECONDS), source.urls
        )
        return connection

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=open_connection,
        poolclass=pool.NullPool,
        # Behind a pooler the server may know the names that others gave to theirs.
        connect_args={"prepared_statement_name_func": lambda: f"ostiary_{uuid4().hex}"},
    )
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        # Migrations see the rows of every issuer.
        await connection.exec_driver_sql("SELECT set_config('ostiary.issuer_id', '*', true)")
        await connection.run_sync(migrate)


if isinstance(source, PostgresqlSource):
    asyncio.run(migrate_postgresql())
else:
    migrate_sqlite()
