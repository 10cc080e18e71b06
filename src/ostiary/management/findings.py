"""What an examination finds: each in a line of its own, with what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`advice` is one sentence on what to do; empty where all is well."""

    check: str
    level: Level
    text: str
    advice: str = ""


def ok(check: str, text: str) -> Finding:
    return Finding(check=check, level=Level.OK, text=text)


def warn(check: str, text: str, advice: str) -> Finding:
    return Finding(check=check, level=Level.WARN, text=text, advice=advice)


def fail_as_told(check: str, told: str) -> Finding:
    """Of a sentence that says already what to do: "what is wrong; what to do"."""
    text, _, advice = told.partition("; ")
    return fail(check, text, advice)


def fail(check: str, text: str, advice: str) -> Finding:
    return Finding(check=check, level=Level.FAIL, text=text, advice=advice)
