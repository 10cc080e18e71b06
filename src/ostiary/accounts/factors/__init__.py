"""The ways to prove who one is.

To add one: a module with `AMR`, `LEVEL` and `verify`, and a line in FACTORS.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ostiary.accounts.factors import password
from ostiary.accounts.people import People
from ostiary.domain.security_level import levels_up_to, strongest
from ostiary.domain.user import User


class Factor(Protocol):
    AMR: str
    # The security level that it proves.
    LEVEL: str

    async def verify(
        self, people: People, institution_ids: Sequence[str], username: str, presented: str
    ) -> User | None:
        """The member of one of the institutions who has proved to be `username`, or None."""
        ...


FACTORS: Mapping[str, Factor] = {password.AMR: password}


def level_proved(names: Iterable[str]) -> str:
    """The security level of a sign-in with these factors."""
    return strongest(FACTORS[name].LEVEL for name in names)


def reachable_levels() -> tuple[str, ...]:
    """The security levels that some factor proves, the weakest first."""
    return levels_up_to(level_proved(FACTORS))
