"""Each promise names tests that are there, by files that hold some."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    line
    for line in (ROOT / "docs/reference/promises.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| id ", "| promise ", "| --- "))
]
FILES = re.compile(r"`(tests/[a-z0-9_/]+\.py)`")


def test_every_promise_names_tests_that_there_are() -> None:
    assert len(ROWS) >= 10
    for row in ROWS:
        named = FILES.findall(row)
        assert named, row
        for name in named:
            assert "def test_" in (ROOT / name).read_text("utf-8"), name
