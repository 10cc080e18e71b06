"""Large databases: copies of one sign-in, its session, its user and its client, made by the engine itself.

The ids are computed from a number, so that handles to any row can be made afterwards.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import time

import asyncpg

DAYS_OF_IDS = 20
SESSIONS_SHARE, MOST_USERS, CLIENTS = 10, 100_000, 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How many rows of each there are to be besides the ones that were there."""

    authorizations: int
    began: int
    """The second of the first id."""

    @classmethod
    def of(cls, authorizations: int) -> "Amounts":
        return cls(authorizations=authorizations, began=int(time()) - DAYS_OF_IDS * 86400)

    @property
    def sessions(self) -> int:
        return self.authorizations // SESSIONS_SHARE

    @property
    def users(self) -> int:
        return min(self.sessions, MOST_USERS)

    def row_id(self, number: int) -> bytes:
        """As those of Ostiary: seconds (5 bytes), a counter (3), and 8 that are random elsewhere."""
        second = self.began + number * DAYS_OF_IDS * 86400 // self.authorizations
        return second.to_bytes(5) + (number % (1 << 24)).to_bytes(3) + number.to_bytes(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """A table, how many copies of its one row `where`, and what each has of its own (by SQL, of n)."""

    table: str
    where: str
    count: int
    own: Mapping[str, str]


def copies(amounts: Amounts, user: str, client: str) -> Sequence[Copies]:
    """`row_id(n)` is an engine's own function."""
    session = f"n % {amounts.sessions}"
    name = name_of("n")
    person = name_of(f"n % {amounts.sessions} % {amounts.users}")
    of_user = f"user_id = '{user}'"
    return (
        Copies(
            table="users",
            where=of_user,
            count=amounts.users,
            own={"user_id": name, "username": name, "canonical": name},
        ),
        Copies(table="memberships", where=of_user, count=amounts.users, own={"user_id": name}),
        Copies(
            table="clients",
            where=f"client_id = '{client}'",
            count=CLIENTS,
            own={"client_id": name},
        ),
        Copies(
            table="sessions",
            where=f"{of_user} AND ended_at IS NULL",
            count=amounts.sessions,
            own={"session_id": "row_id(n)", "user_id": person},
        ),
        Copies(
            table="authorizations",
            where=f"{of_user} AND offline = 1",
            count=amounts.authorizations,
            own={
                "authorization_id": "row_id(n)",
                "session_id": f"row_id({session})",
                "user_id": person,
            },
        ),
    )


def name_of(number: str) -> str:
    """All of one length, so that rows are added in the order of their keys."""
    return f"'bulk-' || ({10**8} + {number})"


def statement(each: Copies, columns: Sequence[str], numbers: str) -> str:
    values = ", ".join(each.own.get(column, f"template.{column}") for column in columns)
    return (
        f"INSERT INTO {each.table} ({', '.join(columns)}) SELECT {values} FROM {numbers}, "  # noqa: S608
        f"(SELECT * FROM {each.table} WHERE issuer_id = 'es256' AND {each.where} LIMIT 1) template"
    )


def fill_sqlite(path: Path, amounts: Amounts, user: str, client: str) -> None:
    """In one transaction, in the order of the keys."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("row_id", 1, amounts.row_id, deterministic=True)
        connection.execute("PRAGMA cache_size = -1000000")
        connection.execute("BEGIN IMMEDIATE")
        for each in copies(amounts, user, client):
            cursor = connection.execute(f"SELECT * FROM {each.table} LIMIT 0")  # noqa: S608
            columns = [column[0] for column in cursor.description]
            numbers = (
                f"(WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted "  # noqa: S608
                f"WHERE n < {each.count - 1}) SELECT n FROM counted)"
            )
            connection.execute(statement(each, columns, numbers))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# int8send gives eight bytes, the highest first.
ROW_ID = """
CREATE FUNCTION pg_temp.row_id(n bigint) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
    SELECT substring(int8send({began} + n * {span} / {count}) FROM 4)
        || substring(int8send(n % (1 << 24)) FROM 6) || int8send(n)
$$
"""


async def fill_postgresql(url: str, amounts: Amounts, user: str, client: str) -> None:
    """As the superuser, to whom row-level security does not apply."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET maintenance_work_mem = '1GB'")
        span, count = DAYS_OF_IDS * 86400, amounts.authorizations
        await connection.execute(ROW_ID.format(began=amounts.began, span=span, count=count))
        for each in copies(amounts, user, client):
            prepared = await connection.prepare(f"SELECT * FROM {each.table} LIMIT 0")  # noqa: S608
            columns = [attribute.name for attribute in prepared.get_attributes()]
            numbers = f"generate_series(0::bigint, {each.count - 1}) AS numbers(n)"
            text = statement(each, columns, numbers).replace("row_id(", "pg_temp.row_id(")
            await connection.execute(text, timeout=3600)
        await connection.execute("VACUUM ANALYZE", timeout=3600)
        await connection.execute("CHECKPOINT", timeout=600)
    finally:
        await connection.close()


def in_time(work: Callable[[], object]) -> float:
    began = time()
    work()
    return time() - began


def fill(source: Path | str, amounts: Amounts, user: str, client: str) -> float:
    """Seconds that it took."""
    if isinstance(source, Path):
        return in_time(lambda: fill_sqlite(source, amounts, user, client))
    return in_time(lambda: asyncio.run(fill_postgresql(source, amounts, user, client)))
