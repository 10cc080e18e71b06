"""The database as it looks to somebody outside, on either engine; nothing in it is hidden from them."""

import sqlite3
from contextlib import closing

from ostiary.storage.source import PostgresqlSource, Source
from tests.kit import postgresql

Contents = dict[str, list[tuple[object, ...]]]


def records(source: Source, statement: str) -> list[dict[str, object]]:
    """What a statement finds, by column."""
    if isinstance(source, PostgresqlSource):
        return [dict(row) for row in postgresql.query(source, statement)]
    with closing(sqlite3.connect(source)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(statement).fetchall()
        connection.commit()
        return [dict(row) for row in rows]


def query(source: Source, statement: str) -> list[tuple[object, ...]]:
    """The same, by position."""
    return [tuple(row.values()) for row in records(source, statement)]


COLUMNS_ON_POSTGRESQL = """
SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
"""
COLUMNS_ON_SQLITE = """
SELECT tables.name AS table_name, columns.name AS column_name
FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'
"""


def tables(source: Source, *, of_issuers: bool = False) -> list[str]:
    """All, or those whose rows belong to an issuer."""
    on_postgresql = isinstance(source, PostgresqlSource)
    columns = query(source, COLUMNS_ON_POSTGRESQL if on_postgresql else COLUMNS_ON_SQLITE)
    found = {str(table) for table, column in columns if column == "issuer_id" or not of_issuers}
    return sorted(found - {"alembic_version"})


def contents(source: Source, issuer_id: str | None = None) -> Contents:
    """Every row of every table (of one issuer), by table."""
    whose = "" if issuer_id is None else f" WHERE issuer_id = '{issuer_id}'"
    return {
        name: sorted(query(source, f"SELECT * FROM {name}{whose}"), key=repr)  # noqa: S608  our own
        for name in tables(source, of_issuers=issuer_id is not None)
    }
