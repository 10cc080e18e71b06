"""Instants in tokens. RFC 7519 §2; CA-25 of the attacks."""

import pytest

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.numeric_date import LATEST, find_instant, read_instant
from ostiary.protocol.tokens import Json


@pytest.mark.spec("RFC 7519 §2")
@pytest.mark.parametrize(
    ("value", "instant"), [(0, 0), (1_700_000_000, 1_700_000_000), (1.9, 1), (LATEST, LATEST)]
)
def test_seconds_are_read_fractions_too(value: Json, instant: int) -> None:
    """RFC 7519 §2: seconds since 1970; non-integer values can be represented."""
    assert read_instant({"exp": value}, "exp") == instant
    assert find_instant({"exp": value}, "exp", milliseconds=True) == instant


@pytest.mark.parametrize(
    "value",
    [
        "9999999999",
        "",
        True,
        False,
        None,
        [],
        [1],
        {},
        -1,
        -0.5,
        LATEST + 1,
        10**18,
        1e300,
        float("nan"),
        float("inf"),
        float("-inf"),
        10**400,
    ],
)
@pytest.mark.parametrize("milliseconds", [False, True])
def test_ca_25_what_is_no_instant_is_refused(value: Json, milliseconds: bool) -> None:
    for read in (read_instant, find_instant):
        with pytest.raises(Malformed):
            read({"exp": value}, "exp", milliseconds=milliseconds)


def test_ca_25_an_instant_may_be_missing_or_has_to_be_there() -> None:
    assert find_instant({"exp": 1}, "iat") is None
    with pytest.raises(Malformed):
        read_instant({"exp": 1}, "iat")


@pytest.mark.parametrize("value", [1_606_396_546_977, 1_606_396_546_977.5])
def test_thirteen_digits_are_milliseconds_where_they_may_be(value: Json) -> None:
    assert read_instant({"exp": value}, "exp", milliseconds=True) == 1_606_396_546
    with pytest.raises(Malformed):
        read_instant({"exp": value}, "exp")


@pytest.mark.parametrize("value", [10**12 - 1, 10**13])
def test_other_lengths_are_not(value: int) -> None:
    with pytest.raises(Malformed):
        read_instant({"exp": value}, "exp", milliseconds=True)
