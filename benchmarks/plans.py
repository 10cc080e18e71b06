"""How the engines plan the statements on a large database: each look-up by a key, no table read through."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import asyncpg

from benchmarks.messages import LoadError
from ostiary.storage.postgresql.statements import translate
from tests.storage.test_statements import HOT, STATEMENTS

LARGE = {"authorizations", "sessions", "users", "memberships", "clients"}
PARAMETER = re.compile(r"(?<!:):([a-z][a-z0-9_]*)")
Plans = Mapping[str, list[str]]
"""Statement to the large tables that it reads through."""


def check(plans: Plans) -> int:
    """How many statements were looked at."""
    through = {name: tables for name, tables in plans.items() if tables}
    if through:
        raise LoadError(f"whole tables are read: {through}")
    return len(plans)


def sqlite_plans(path: Path) -> Plans:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return {name: sqlite_scans(connection, STATEMENTS[name]) for name in HOT}


def sqlite_scans(connection: sqlite3.Connection, statement: str) -> list[str]:
    values: dict[str, object] = dict.fromkeys(PARAMETER.findall(statement))
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    scans = [re.match(r"SCAN (\w+)", row[-1]) for row in rows]
    return [match[1] for match in scans if match and match[1] in LARGE]


async def postgresql_plans(url: str) -> Plans:
    """The generic plans: what prepared statements run by."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        return {
            name: await postgresql_scans(connection, f"hot_{number}", STATEMENTS[name])
            for number, name in enumerate(HOT)
        }
    finally:
        await connection.close()


async def postgresql_scans(
    connection: "asyncpg.Connection[asyncpg.Record]", name: str, statement: str
) -> list[str]:
    translated = translate(statement)
    await connection.execute(f"PREPARE {name} AS {translated.text}")
    arguments = f"({', '.join(['NULL'] * len(translated.names))})" if translated.names else ""
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE {name}{arguments}")
    return list(through(json.loads(plan)[0]["Plan"]))


def through(node: Mapping[str, object]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE:
        yield str(node["Relation Name"])
    below = node.get("Plans", [])
    assert isinstance(below, list)
    for each in below:
        yield from through(each)
