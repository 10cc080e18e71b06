"""Alembic's environment: one transaction for all outstanding migrations."""

from alembic import context
from sqlalchemy import URL, Connection, create_engine, event, pool

address = URL.create("sqlite", database=context.config.attributes["database"])
engine = create_engine(address, poolclass=pool.NullPool)


# Python's sqlite3 begins transactions late and not for DDL; ours must hold all of a migration, so
# that a process killed in the middle leaves the schema as it was.
@event.listens_for(engine, "connect")
def _leave_transactions_to_us(connection, _record):  # type: ignore[no-untyped-def]
    connection.isolation_level = None


@event.listens_for(engine, "begin")
def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.begin() as connection:
    context.configure(connection=connection, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
