"""Durations as people write them: "15m", "12h", "30d", or plain seconds."""

import re

_DURATION = re.compile(r"(\d{1,9})\s*(s|m|h|d)?")
_SECONDS = {None: 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_WORDS = 'write seconds, or a duration such as "15m", "12h" or "30d"'


def written_duration(seconds: int) -> str:
    """As people write it, in the largest unit that leaves nothing over: 3600 is "1h"."""
    units = (unit for unit in ("d", "h", "m") if seconds and seconds % _SECONDS[unit] == 0)
    unit = next(units, "s")
    return f"{seconds // _SECONDS[unit]}{unit}"


def parse_duration(value: object) -> int:
    """Seconds; raises ValueError, saying what to write."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{_WORDS}, not {value!r}")
    return int(match[1]) * _SECONDS[match[2]]
