"""The statements that both engines share, as PostgreSQL reads them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ostiary.storage.database import ALL_ISSUERS, Value

EVERYBODY = "*"

_NAME = re.compile(r"(?<!:):([a-z][a-z0-9_]*)")
_FOR_POSTGRESQL = re.compile(r"/\* postgresql: (.*?) \*/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """A statement with numbered parameters, in the order of their names."""

    text: str
    names: tuple[str, ...]
    for_all_issuers: bool

    def arguments(self, parameters: Mapping[str, Value]) -> list[Value]:
        return [parameters[name] for name in self.names]

    def whose(self, parameters: Mapping[str, Value]) -> str:
        """The issuer whose rows it may see: without one, nobody's."""
        return EVERYBODY if self.for_all_issuers else str(parameters.get("issuer_id", ""))


@cache
def translate(statement: str) -> Translated:
    """Named parameters become numbered ones, and words for PostgreSQL alone are uncovered."""
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${numbers.setdefault(match[1], len(numbers) + 1)}"

    return Translated(
        text=_NAME.sub(number, _FOR_POSTGRESQL.sub(r"\1", statement)),
        names=tuple(numbers),
        for_all_issuers=statement.lstrip().startswith(ALL_ISSUERS),
    )
