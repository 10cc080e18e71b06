"""In what our answers differ from the contracts; the page of differences has these rows.

A deviation reads as `documents.deviations` tells it: operation, status, and what of the answer is
not as it is documented.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ostiary.domain.quirks import Quirk

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "differences.md"


@dataclass(frozen=True, slots=True)
class Difference:
    """`quirk` makes it go away."""

    point: str
    deviations: dict[str, frozenset[str]]
    quirk: Quirk | None = None


def _of(enterprise: set[str], consumer: set[str]) -> dict[str, frozenset[str]]:
    return {"enterprise": frozenset(enterprise), "consumer": frozenset(consumer)}


BOTH_TOKEN = {"POST /token 200 no refresh_token"}
DIFFERENCES = (
    Difference("push accepted", _of({"POST /request 201"}, set()), Quirk.PAR_STATUS_200),
    Difference(
        "push refused", _of({"POST /request 400 application/json"}, set()), Quirk.PAR_HTML_ERRORS
    ),
    Difference(
        "`expires_in` of a token response",
        _of({"POST /token 200 expires_in"}, {"POST /token 200 expires_in"}),
        Quirk.EXPIRES_IN_STRING,
    ),
    Difference(
        "`refresh_token` of a token response",
        _of(BOTH_TOKEN, BOTH_TOKEN),
        Quirk.REFRESH_TOKEN_ALWAYS,
    ),
    Difference("push by nobody", _of({"POST /request 401"}, set())),
    Difference(
        "answer of the authorization endpoint",
        _of({"GET /auth 303"}, {"GET /auth 303", "POST /auth 303"}),
    ),
    Difference("sign-out page", _of({"GET /logout 200"}, set())),
    Difference("sign-out refused", _of({"GET /logout 400"}, set())),
)


def points_on_page() -> set[str]:
    """The first column of the page's two tables of answers."""
    text = PAGE.read_text("utf-8").partition("## In words alone")[0]
    rows = re.findall(r"^\| (.+?) \|", text, re.MULTILINE)
    return {row for row in rows if row != "point" and not set(row) <= {"-", " "}}


def expected(face: str, *quirks: Quirk) -> frozenset[str]:
    """Every deviation that is left with these quirks on."""
    found: set[str] = set()
    for difference in DIFFERENCES:
        if difference.quirk not in quirks:
            found |= difference.deviations[face]
    return frozenset(found)
