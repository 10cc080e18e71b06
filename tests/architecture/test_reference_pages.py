"""The reference pages that come from tables of the program are what the script writes today."""

import pytest

from ostiary.domain.refusals import ReasonCode
from scripts.reference_pages import FOLDER, PAGES

REPAIR = "run: python -m scripts.reference_pages"


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_the_script_writes(name: str) -> None:
    committed = (FOLDER / name).read_text(encoding="utf-8")
    assert committed == PAGES[name](), f"docs/reference/{name} has fallen behind; {REPAIR}"


def test_every_reason_to_refuse_stands_on_its_page_once() -> None:
    text = PAGES["refusals.md"]()
    counts = {code.name: text.count(f"| `{code.name.lower()}` |") for code in ReasonCode}
    assert counts == dict.fromkeys(counts, 1)
