"""Durations as people write them."""

import pytest

from ostiary.management.durations import parse_duration, written_duration


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


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (90, "90s"),
        (3600, "1h"),
        (169_200, "47h"),
        (86_400, "1d"),
    ],
)
def test_a_duration_is_written_as_people_write_it(seconds: int, written: str) -> None:
    assert written_duration(seconds) == written
    assert parse_duration(written) == seconds
