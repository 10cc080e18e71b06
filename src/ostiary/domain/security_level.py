"""Security levels: how surely a sign-in shows who it is. Each face has its own names for them."""

from collections.abc import Iterable

# The weakest first: who has reached one has reached those before it.
LEVELS = ("standard", "enhanced", "high", "restricted")


def levels_up_to(level: str) -> tuple[str, ...]:
    """All levels that a sign-in of this one has reached."""
    return LEVELS[: LEVELS.index(level) + 1]


def strongest(levels: Iterable[str]) -> str:
    return max(levels, key=LEVELS.index)
