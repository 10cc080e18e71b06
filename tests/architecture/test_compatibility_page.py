"""The compatibility table of the docs is of these libraries at these versions: `make interop` writes it."""

from tests.interop.libraries import LIBRARIES
from tests.interop.table import PAGE, Refused, page


def rows(text: str) -> list[list[str]]:
    lines = (line for line in text.splitlines() if line.startswith("| ["))
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_the_table_is_of_the_libraries_and_their_locks() -> None:
    expected = [row[:2] for row in rows(page({name: set() for name in LIBRARIES}))]
    assert [row[:2] for row in rows(PAGE.read_text(encoding="utf-8"))] == expected


def test_each_library_was_seen_to_sign_in_and_to_notice_what_is_wrong() -> None:
    for title, _, does, notices in rows(PAGE.read_text(encoding="utf-8")):
        assert {"code with PKCE", "code without PKCE"} & set(does.split(", ")), title
        noticed = set(notices.split(", "))
        assert {Refused.WRONG_SECRET, Refused.DENIED} < noticed, title
        assert noticed & {Refused.WRONG_VERIFIER, Refused.TAMPERED_STATE}, title
