"""The life of a signing key: pending -> active -> retiring -> gone, decided by the clock alone.

A key's state follows from when it and its successor activate, so nothing has to run on time for
it to be right. Keys are published before their first use and kept until the last token signed
with them has expired.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from ostiary.domain.issuer import DAY, HOUR
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.tokens import Json

ROTATION_PERIOD = 90 * DAY
# A new key is in the JWKS this long before it signs; the JWKS may be cached for JWKS_MAX_AGE.
PUBLICATION_LEAD = DAY
SHORTEST_PUBLICATION_LEAD = HOUR
# Who waits for longer was made while a clock was wrong, and keeps no other from its turn.
LONGEST_LEAD = 30 * DAY
JWKS_MAX_AGE = 600
# Longer than any token lives, and than an ID token is a useful hint.
RETIREMENT = 2 * DAY
# From then on nobody will want it back: a clock that was wrong has been noticed.
ERASURE = 30 * DAY


class KeyState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    RETIRING = "retiring"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """`sealed` is the private key, encrypted under the master key; empty once it was destroyed."""

    kid: str
    algorithm: Algorithm
    public_jwk: Mapping[str, Json]
    sealed: bytes
    created_at: int
    activates_at: int


def states(keys: Iterable[SigningKey], now: int) -> dict[str, KeyState]:
    """The state of each key, by kid."""
    found: dict[str, KeyState] = {}
    newer: dict[Algorithm, SigningKey] = {}
    for key in sorted(keys, key=_by_activation, reverse=True):
        if not key.sealed:
            found[key.kid] = KeyState.GONE
            continue
        found[key.kid] = _state(key, newer.get(key.algorithm), now)
        newer[key.algorithm] = key
    # A clock that was turned back must not leave an issuer unable to sign: the oldest key has no
    # one to wait for.
    for oldest in newer.values():
        if found[oldest.kid] is KeyState.PENDING:
            found[oldest.kid] = KeyState.ACTIVE
    return found


def erasable(keys: Collection[SigningKey], now: int) -> Sequence[SigningKey]:
    """Those whose successor has signed for so long that their private half is of no more use."""
    return [
        key
        for algorithm in Algorithm
        for key, successor in pairwise(
            sorted((key for key in keys if key.algorithm is algorithm), key=_by_activation)
        )
        if key.sealed and successor.activates_at + ERASURE <= now
    ]


def _by_activation(key: SigningKey) -> tuple[int, int, str]:
    return key.activates_at, key.created_at, key.kid


def _state(key: SigningKey, successor: SigningKey | None, now: int) -> KeyState:
    if successor is not None and successor.activates_at <= now:
        retired = now >= successor.activates_at + RETIREMENT
        return KeyState.GONE if retired else KeyState.RETIRING
    return KeyState.ACTIVE if key.activates_at <= now else KeyState.PENDING


def next_change(keys: Iterable[SigningKey], now: int) -> int | None:
    """The next instant at which some key's state changes."""
    instants = [
        instant
        for key in keys
        for instant in (key.activates_at, key.activates_at + RETIREMENT)
        if instant > now
    ]
    return min(instants, default=None)


def algorithms_due(keys: Iterable[SigningKey], now: int) -> frozenset[Algorithm]:
    """The algorithms whose newest key will have served its time by the end of a publication lead."""
    newest: dict[Algorithm, int] = {}
    for key in (key for key in keys if key.activates_at <= now + LONGEST_LEAD):
        newest[key.algorithm] = max(key.activates_at, newest.get(key.algorithm, 0))
    return frozenset(
        algorithm
        for algorithm in Algorithm
        if newest.get(algorithm, -ROTATION_PERIOD) + ROTATION_PERIOD - PUBLICATION_LEAD <= now
    )
