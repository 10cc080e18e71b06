"""A connection to the first host that answers and can be written."""

import warnings
from collections.abc import Sequence
from typing import Final, TypeAlias

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from ostiary.storage.postgresql.failures import Lost, Refused, Silent
from ostiary.storage.postgresql.reasons import reason_of
from ostiary.storage.source import PostgresqlSource

CONNECT_TIMEOUT_SECONDS: Final = 3.0
# The server ends a statement that takes too long; this much later it is taken to be gone itself.
GRACE_SECONDS: Final = 1.0

# What it says of a password file, the reason for a refusal says in our words.
warnings.filterwarnings("ignore", message="password file ", module="asyncpg")

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def connect(source: PostgresqlSource, urls: Sequence[str]) -> tuple[Driver, str]:
    """With the URL of the host that it is; raises Lost, with what each of them said; Refused
    when all of them will say so again, Silent when one of them said nothing.

    A standby is not for us: what is used up once is used up on the primary.
    """
    refusals, lasting, silent = [], [], False
    for url in urls:
        try:
            return await _connect_to(url, source), url
        except Exception as error:
            reason, lasts = reason_of(error, url)
            refusals.append(f"{PostgresqlSource(url=url)}: {reason}")
            lasting.append(lasts)
            silent = silent or isinstance(error, TimeoutError)
    told = f"cannot use {'; '.join(refusals)}"
    if silent:
        raise Silent(told)
    raise Refused(told) if all(lasting) else Lost(told)


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
