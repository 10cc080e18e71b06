"""Every id of the catalogue's sections is tested here, or open with what will bring it; never both.

The catalogue itself is no part of the repository: its ids are.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parent
OPEN = TESTS / "attacks-open.md"

# prefix -> how many: sections 1 (RU, AZ, PK, PA, JR), 2 (UI), 3 (TK), 4 (CA), 5 (AC, RT), 6 (DP, MT), 7 (US, IN, RV),
# 8 (DJ), 9 (LO), 10 (RG), 11.1 (LG), 12 (FW), 13 (ST), 14 (RX, LL, SC).
SECTIONS = {
    "RU": 20,
    "AZ": 46,
    "PK": 10,
    "PA": 18,
    "JR": 9,
    "UI": 24,
    "TK": 16,
    "LG": 24,
    "CA": 40,
    "DP": 24,
    "MT": 6,
    "AC": 12,
    "RT": 18,
    "US": 14,
    "IN": 8,
    "RV": 10,
    "DJ": 11,
    "LO": 18,
    "RG": 21,
    "FW": 10,
    "ST": 30,
    "RX": 11,
    "LL": 8,
    "SC": 2,
}
IDS = [
    f"{prefix}-{number:02}" for prefix, last in SECTIONS.items() for number in range(1, last + 1)
]

_NAME = re.compile(r"^(?:async )?def test_((?:[a-z]{2}_\d{2}_)+)", re.MULTILINE)
_PARAMETER = re.compile(r"\b([A-Z]{2}-\d{2})\b")
_ROW = re.compile(r"^\| ([A-Z]{2}-\d{2}) \| (.+) \|$", re.MULTILINE)


def ids_in(source: str) -> Iterator[str]:
    """The ids in the names of tests, and in texts that say which case a parameter is."""
    yield from named_in(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "id":
            yield from _PARAMETER.findall(ast.unparse(node.value))
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
            first = node.elts[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield from _PARAMETER.findall(first.value)[:1]


def named_in(source: str) -> Iterator[str]:
    for ids in _NAME.findall(source):
        words = ids.upper().split("_")
        yield from (
            f"{prefix}-{number}" for prefix, number in zip(words[:-1:2], words[1::2], strict=True)
        )


# Shown beside what they attack. (Other folders name ids too, of what is shown here by an endpoint.)
ELSEWHERE = [
    ("LL", "cli"),
    ("SC", "protocol/jose"),
    *(("ST", folder) for folder in ("cli", "faults", "housekeeping", "management", "races")),
    *(("ST", folder) for folder in ("serving", "storage")),
]
TESTED = {
    found
    for path in HERE.glob("test_*.py")
    if path.name != Path(__file__).name
    for found in ids_in(path.read_text("utf-8"))
} | {
    found
    for prefix, folder in ELSEWHERE
    for path in (TESTS / folder).glob("test_*.py")
    for found in named_in(path.read_text("utf-8"))
    if found.startswith(prefix)
}
OPEN_IDS = dict(_ROW.findall(OPEN.read_text("utf-8")))


@pytest.mark.parametrize("number", IDS)
def test_the_id_is_tested_or_open(number: str) -> None:
    assert (number in TESTED) != (number in OPEN_IDS), (
        "both tested and open" if number in TESTED else "neither tested nor open"
    )


def test_no_other_id_is_named() -> None:
    assert not (TESTED | set(OPEN_IDS)) - set(IDS)


def test_the_check_finds_ids() -> None:
    source = 'async def test_az_03_x(): ...\npytest.param(1, id="RU-05 y")\nx = [("UI-14 z", 1)]'
    assert set(ids_in(source)) == {"AZ-03", "RU-05", "UI-14"}
    assert set(ids_in("def test_st_01_st_02_x(): ...")) == {"ST-01", "ST-02"}
    assert set(ids_in("def test_az_3_x(): ...")) == set()
