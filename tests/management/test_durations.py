"""Durations as people write them."""

import pytest

from ostiary.management.durations import parse_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (0, 0),
        (90, 90),
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("12h", 43_200),
        (" 30d ", 2_592_000),
    ],
)
def test_a_duration_is_seconds(written: object, seconds: int) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize("written", ["", "soon", "-1", -1, "1.5h", "1w", True, None, 1.5])
def test_anything_else_is_told(written: object) -> None:
    with pytest.raises(ValueError, match="15m"):
        parse_duration(written)
