"""The ways to prove who one is. To add one: a module with `AMR` and `verify`, and a line here."""

from collections.abc import Mapping
from typing import Protocol

from ostiary.accounts.factors import password
from ostiary.accounts.people import People
from ostiary.domain.user import User


class Factor(Protocol):
    AMR: str

    async def verify(
        self, people: People, institution_id: str, username: str, presented: str
    ) -> User | None:
        """The member of the institution who has proved to be `username`, or None."""
        ...


FACTORS: Mapping[str, Factor] = {password.AMR: password}
