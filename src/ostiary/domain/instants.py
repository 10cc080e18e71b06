"""Instants for people to read."""

from datetime import UTC, datetime


def readable(instant: int | None) -> str:
    """Like 2027-01-15 08:00:00 UTC, or "never"."""
    if instant is None:
        return "never"
    return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%d %H:%M:%S} UTC"
