"""Where the database is: a SQLite file, or PostgreSQL on one host or several."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

# What may be shown of a URL. An @ in any other place would belong to a password.
_PLACE = re.compile(r"postgres(?:ql)?://(?:[^@/?#]*@)?([^@?#]*)(?:\?[^@]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlSource:
    """A URL in libpq's form, which may name several hosts, and how to use what it leads to."""

    url: str
    # What one process holds at most.
    connections: int = 8
    # How long a statement may take, and how long a request waits for a connection, in seconds.
    statement_timeout: float = 5.0
    # Whether a pooler such as PgBouncer gives each transaction another connection.
    pooled_by_transaction: bool = False

    def __str__(self) -> str:
        """Without user and password."""
        place = _PLACE.fullmatch(self.url)
        return f"postgresql://{place[1] if place else '...'}"

    @property
    def is_readable(self) -> bool:
        return _PLACE.fullmatch(self.url) is not None

    @property
    def urls(self) -> Sequence[str]:
        """One for each host: a host that does not answer must not keep us from the next."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            return [self.url]  # the driver will refuse it
        user, at, places = parts.netloc.rpartition("@")
        return [parts._replace(netloc=f"{user}{at}{place}").geturl() for place in places.split(",")]


Source: TypeAlias = Path | PostgresqlSource
