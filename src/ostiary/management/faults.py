"""Faults of a thing that is to be saved: all that can be found by looking at it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.management.errors import ManagementError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`field` is the name under which files and commands know it; `message` what to write instead."""

    field: str
    message: str


def raise_first(faults: Sequence[Fault]) -> None:
    for fault in faults:
        raise ManagementError(f"{fault.field} is not right", fault.message)
