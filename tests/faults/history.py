"""What clients asked and were told, and whether any lawful provider could have said it.

Reliability M4; S1 to S4. Each operation has a beginning and an end; one whose answer never came may
have happened at any time after its beginning, or never.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import product
from math import inf


class Kind(Enum):
    REDEEM = "redeem"
    REFRESH = "refresh"
    USE = "use"  # userinfo or introspection with an access token
    REVOKE = "revoke"


class Outcome(Enum):
    SUCCESS = "success"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # 503, or no answer at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One request about one authorization; `generation` is that of the refresh token presented."""

    subject: str
    kind: Kind
    outcome: Outcome
    began: float
    ended: float = inf
    generation: int = 0

    def precedes(self, other: "Operation") -> bool:
        return self.ended < other.began


@dataclass(slots=True)
class History:
    """Written by many threads."""

    _operations: list[Operation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(
        self, subject: str, kind: Kind, outcome: Outcome, began: float, generation: int = 0
    ) -> None:
        ended = inf if outcome is Outcome.UNKNOWN else time.monotonic()
        operation = Operation(
            subject=subject,
            kind=kind,
            outcome=outcome,
            began=began,
            ended=ended,
            generation=generation,
        )
        with self._lock:
            self._operations.append(operation)

    def __len__(self) -> int:
        return len(self._operations)

    def by_subject(self) -> dict[str, list[Operation]]:
        found: dict[str, list[Operation]] = {}
        for operation in sorted(self._operations, key=lambda each: each.began):
            found.setdefault(operation.subject, []).append(operation)
        return found

    def count(self, kind: Kind, outcome: Outcome) -> int:
        return sum(each.kind is kind and each.outcome is outcome for each in self._operations)


def violations(operations: Sequence[Operation]) -> Iterator[str]:
    """What no lawful order of one subject's operations explains."""
    succeeded = [each for each in operations if each.outcome is Outcome.SUCCESS]
    redeemed = [each for each in succeeded if each.kind is Kind.REDEEM]
    if len(redeemed) > 1:
        yield f"S1: the code succeeded {len(redeemed)} times"
    yield from _older_generations(succeeded)
    for end in _ends(operations):
        for later in succeeded:
            if later.kind is not Kind.REVOKE and end.precedes(later):
                yield f"S4: {later.kind.value} succeeded after {end.kind.value} had ended it"


def _older_generations(succeeded: Sequence[Operation]) -> Iterator[str]:
    """S2: once a successor has been used, its predecessor is a replay."""
    refreshes = [each for each in succeeded if each.kind is Kind.REFRESH]
    for newer, older in product(refreshes, refreshes):
        if newer.generation > older.generation and newer.precedes(older):
            yield f"S2: generation {older.generation} succeeded after {newer.generation} had"


def _ends(operations: Sequence[Operation]) -> Iterator[Operation]:
    """Operations after whose answer nothing of this authorization may succeed: it was given back,
    its code came a second time, or a refresh token that has been superseded twice."""
    succeeded = [each for each in operations if each.outcome is Outcome.SUCCESS]
    for each in operations:
        match each.kind, each.outcome:
            case Kind.REVOKE, Outcome.SUCCESS:
                yield each
            case Kind.REDEEM, Outcome.REFUSED if any(
                first.kind is Kind.REDEEM and first.precedes(each) for first in succeeded
            ):
                yield each
            case Kind.REFRESH, Outcome.REFUSED if any(
                newer.kind is Kind.REFRESH
                and newer.generation > each.generation
                and newer.precedes(each)
                for newer in succeeded
            ):
                yield each
            case _:
                pass
