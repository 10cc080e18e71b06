"""The checker of histories sees what is wrong, and only that."""

import pytest

from tests.faults.history import Kind, Operation, Outcome, violations

YES, NO, UNKNOWN = Outcome.SUCCESS, Outcome.REFUSED, Outcome.UNKNOWN


def operation(
    kind: Kind, outcome: Outcome, began: float, ended: float, generation: int = 0
) -> Operation:
    return Operation(
        subject="s", kind=kind, outcome=outcome, began=began, ended=ended, generation=generation
    )


REDEEMED = operation(Kind.REDEEM, YES, 0, 1)

LAWFUL = {
    "a code, its refreshes, their use": [
        REDEEMED,
        operation(Kind.REFRESH, YES, 2, 3, 0),
        operation(Kind.REFRESH, YES, 4, 5, 1),
        operation(Kind.USE, YES, 6, 7),
    ],
    "two refreshes at once of one token": [
        REDEEMED,
        operation(Kind.REFRESH, YES, 2, 5, 0),
        operation(Kind.REFRESH, YES, 3, 4, 0),
    ],
    "the predecessor, while its successor is being used": [
        operation(Kind.REFRESH, YES, 2, 5, 1),
        operation(Kind.REFRESH, YES, 3, 6, 0),
    ],
    "a use that began before the token was given back": [
        operation(Kind.USE, YES, 0, 3),
        operation(Kind.REVOKE, YES, 1, 2),
    ],
    "a code refused because nobody knows whether it succeeded before": [
        operation(Kind.REDEEM, UNKNOWN, 0, 1),
        operation(Kind.REDEEM, NO, 2, 3),
        operation(Kind.USE, YES, 4, 5),
    ],
    "given back twice": [
        operation(Kind.REVOKE, YES, 0, 1),
        operation(Kind.REVOKE, YES, 2, 3),
        operation(Kind.REFRESH, NO, 4, 5),
    ],
}
UNLAWFUL = {
    "S1: a code twice": [REDEEMED, operation(Kind.REDEEM, YES, 0.5, 2)],
    "S2: an older generation": [
        operation(Kind.REFRESH, YES, 2, 3, 1),
        operation(Kind.REFRESH, YES, 4, 5, 0),
    ],
    "S4: used after it was given back": [
        operation(Kind.REVOKE, YES, 0, 1),
        operation(Kind.USE, YES, 2, 3),
    ],
    "S4: refreshed after the code came again": [
        REDEEMED,
        operation(Kind.REDEEM, NO, 2, 3),
        operation(Kind.REFRESH, YES, 4, 5),
    ],
    "S4: refreshed after a replay": [
        operation(Kind.REFRESH, YES, 0, 1, 1),
        operation(Kind.REFRESH, NO, 2, 3, 0),
        operation(Kind.REFRESH, YES, 4, 5, 2),
    ],
}


@pytest.mark.parametrize("operations", LAWFUL.values(), ids=LAWFUL)
def test_what_can_be_explained_is_lawful(operations: list[Operation]) -> None:
    assert list(violations(operations)) == []


@pytest.mark.parametrize(("name", "operations"), UNLAWFUL.items(), ids=UNLAWFUL)
def test_what_cannot_be_explained_is_found(name: str, operations: list[Operation]) -> None:
    assert {each[:2] for each in violations(operations)} == {name[:2]}
