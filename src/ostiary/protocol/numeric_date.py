"""Instants in tokens: seconds since 1970. RFC 7519 §2."""

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Claims

LATEST = 253_402_300_799  # the end of the year 9999

_EARLIEST_IN_MILLISECONDS = 10**12
_LATEST_IN_MILLISECONDS = 10**13 - 1


def find_instant(claims: Claims, name: str, *, milliseconds: bool = False) -> int | None:
    """The instant in this claim, in whole seconds; None where the claim is not there.

    With `milliseconds` a number of 13 digits counts milliseconds, as some clients send it.
    """
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(name, "a number of seconds since 1970")
    if milliseconds and _EARLIEST_IN_MILLISECONDS <= value <= _LATEST_IN_MILLISECONDS:
        value = value // 1000
    if not 0 <= value <= LATEST:
        raise Malformed(name, "seconds since 1970, before the year 10000")
    return int(value)


def read_instant(claims: Claims, name: str, *, milliseconds: bool = False) -> int:
    """The instant in this claim, which has to be there."""
    instant = find_instant(claims, name, milliseconds=milliseconds)
    if instant is None:
        raise Malformed(name, "a number of seconds since 1970")
    return instant
