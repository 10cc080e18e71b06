"""What the verbs ask of an engine: SQLite and PostgreSQL answer alike.

One text a statement, in the SQL that both share: named parameters (`:issuer_id`), `RETURNING`, `ON
CONFLICT`. What one engine needs and the other must not see stands in a comment: PostgreSQL reads
`/* postgresql: FOR NO KEY UPDATE */` as the words in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Value: TypeAlias = str | int | bytes | None

# Begins a statement that is not for one issuer, such as the sweeper's. To all others PostgreSQL
# shows the rows of the issuer that their parameters name, whatever their conditions say.
ALL_ISSUERS = "/* all issuers */"


class StoreUnavailable(Exception):
    """The database cannot be reached or written. As far as is known, nothing was changed."""


class Misconfigured(StoreUnavailable):
    """Waiting does not help: somebody has to change something first."""


class Conflict(Exception):
    """What is to be added exists already."""


class Row(Protocol):
    """A row of an answer, by column name."""

    def __getitem__(self, name: str, /) -> Value: ...

    def keys(self) -> Iterable[str]: ...

    def __iter__(self) -> Iterator[Any]:
        """The values, in the order of the names."""


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of a change, with its parameters.

    The whole change is undone when a required step returns no row.
    """

    statement: str
    parameters: Mapping[str, Value]
    required: bool = False


class Database(Protocol):
    """One database of either engine. Each method raises StoreUnavailable when it cannot be reached."""

    def close(self) -> None:
        """Finish what waits, then let go."""

    def connections(self) -> Mapping[str, int]:
        """How many there are to a server, by what they do; none over a file."""
        ...

    async def check_ready(self) -> None:
        """Raises StoreUnavailable when nothing can be read, or nothing could be written."""

    async def read_one(self, statement: str, parameters: Mapping[str, Value]) -> Row | None:
        """The first row, or None."""

    async def read_all(self, statement: str, parameters: Mapping[str, Value]) -> Sequence[Row]: ...

    async def change(self, first: Step, *others: Step) -> Row | None:
        """Run the steps in one transaction, durable on return.

        The first step decides: it has a RETURNING clause, and when it returns no row the others
        are not run and nothing is changed. Its row is the answer. Raises Conflict when a key
        exists already, StoreUnavailable when nothing could be written.
        """
