"""Why a connection was not made, and what to do about it: never with a password in it."""

import os
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import asyncpg

from ostiary.storage.postgresql.failures import text_of
from ostiary.storage.source import PostgresqlSource

UNREADABLE: Final = (
    "the URL cannot be read; check it, and in the password write @ / ? as %40 %2F %3F"
)


def reason_of(error: Exception, url: str) -> tuple[str, bool]:
    """What to tell, and whether somebody has to change something first."""
    if (certificate := _missing_certificate(error, url)) is not None:
        text = f"there is no root certificate {certificate}; name the file as sslrootcert"
        return f"{text} in the URL", True
    if isinstance(error, socket.gaierror) and PostgresqlSource(url=url).is_readable:
        return "the name of the host is not known; see the URL, and DNS", False
    if isinstance(error, ValueError | socket.gaierror):
        return UNREADABLE, True  # nothing is quoted: a password may be in it
    for kind, advice in _LASTING.items():
        if isinstance(error, kind):
            return f"{text_of(error)}; {advice()}", True
    for other, text in _PASSING.items():
        if isinstance(error, other):
            return text, False
    return text_of(error), False


def _missing_certificate(error: Exception, url: str) -> str | None:
    """Of the authority by which the server is checked. Only one that is named is looked for."""
    if isinstance(error, asyncpg.exceptions.ClientConfigurationError):
        text = text_of(error)
        return text.split('"')[1] if text.startswith("root certificate file") else None
    if not isinstance(error, FileNotFoundError):
        return None
    in_url = parse_qs(urlsplit(url).query).get("sslrootcert", [""])[-1]
    named = in_url or os.environ.get("PGSSLROOTCERT")
    return named if named and not Path(named).exists() else None


def _where_passwords_go() -> str:
    file = Path(os.environ.get("PGPASSFILE") or Path.home() / ".pgpass")
    if file.exists() and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"others may read {file}, so it is not used: chmod 600 {file}"
    return f"give the right one in the URL of OSTIARY_DATABASE__URL, or in {file}"


_LASTING: Final[Mapping[type[Exception], Callable[[], str]]] = {
    asyncpg.InvalidPasswordError: _where_passwords_go,
    asyncpg.InvalidAuthorizationSpecificationError: lambda: (
        "make the role with CREATE ROLE ... LOGIN, and let it in by pg_hba.conf"
    ),
    asyncpg.InvalidCatalogNameError: lambda: "make it: CREATE DATABASE ... OWNER ...",
    asyncpg.InsufficientPrivilegeError: lambda: "let the role own the database",
    asyncpg.UndefinedObjectError: lambda: "take it out of the URL",
}
_PASSING: Final[Mapping[type[Exception], str]] = {
    ConnectionRefusedError: "it refuses connections; is it running, and does it listen there?",
    TimeoutError: "it does not answer; is it running, and does a firewall let us through?",
    asyncpg.TargetServerAttributeNotMatched: "can only be read, not written",
}
