"""A connection to the first host that answers and can be written."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from ostiary.storage.postgresql.failures import Lost, text_of
from ostiary.storage.source import PostgresqlSource

CONNECT_TIMEOUT_SECONDS: Final = 3.0
# The server ends a statement that takes too long; this much later it is taken to be gone itself.
GRACE_SECONDS: Final = 1.0

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def connect(source: PostgresqlSource, urls: Sequence[str]) -> tuple[Driver, str]:
    """With the URL of the host that it is; raises Lost, with what each of them said.

    A standby is not for us: what is used up once is used up on the primary.
    """
    refusals = []
    for url in urls:
        try:
            return await _connect_to(url, source), url
        except Exception as error:
            refusals.append(f"{PostgresqlSource(url=url)}: {_reason(error)}")
    raise Lost("; ".join(refusals))


async def _connect_to(url: str, source: PostgresqlSource) -> Driver:
    limit = milliseconds(source.statement_timeout)
    limits = {"statement_timeout": limit, "idle_in_transaction_session_timeout": limit}
    pooled = source.pooled_by_transaction
    driver: Driver = await asyncpg.connect(
        url,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=source.statement_timeout + GRACE_SECONDS,
        # A pooler would hand the next statement to a server that never saw it prepared, and keeps
        # nothing that is told to a connection.
        statement_cache_size=0 if pooled else 256,
        target_session_attrs=SessionAttribute.any if pooled else SessionAttribute.read_write,
        server_settings={"application_name": "ostiary"} | ({} if pooled else limits),
    )
    return driver


def milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError):
        return "the URL cannot be read"  # it would be quoted, with the password in it
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return "can only be read, not written"
    return text_of(error)
