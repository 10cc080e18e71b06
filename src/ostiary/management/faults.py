"""Faults of a thing that is to be saved: all that can be found by looking at it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.management.errors import ManagementError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`field` is the name under which files and commands know it; `message` what to write instead."""

    field: str
    message: str


class FaultsFound(ManagementError):
    """Each fault on a line of its own."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first, *others = dict.fromkeys(faults)
        further = (f"\n  {each.field} is not right; {each.message}" for each in others)
        super().__init__(f"{first.field} is not right", "".join((first.message, *further)))
        self.faults = faults


def raise_any(faults: Sequence[Fault]) -> None:
    if faults:
        raise FaultsFound(faults)
