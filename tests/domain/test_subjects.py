"""Subjects: the identifier by which each client knows a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.domain.client import Client, SubjectType
from ostiary.domain.subjects import Subjects, find_sector
from tests.kit.world import ENTERPRISE, a_client

SUBJECTS = Subjects(key=b"k" * 32)


def pairwise(*redirect_uris: str, sector: str | None = None) -> Client:
    return a_client(
        "web",
        ENTERPRISE,
        subject_type=SubjectType.PAIRWISE,
        redirect_uris=redirect_uris,
        sector=sector,
    )


def test_a_public_client_knows_people_by_their_id() -> None:
    assert SUBJECTS.of(a_client("web", ENTERPRISE), "alice-id") == "alice-id"


@pytest.mark.parametrize(
    ("redirect_uris", "sector"),
    [
        (("https://rp.example/cb",), "rp.example"),
        (("https://rp.example/cb", "https://RP.example:8443/other"), "rp.example"),
        (("https://rp.example/cb", "https://other.example/cb"), None),
        (("https://rp.example/cb", "com.example.app:/cb"), None),
        (("com.example.app:/cb",), None),
        (("http://127.0.0.1/cb",), None),
        (("http://localhost:8080/cb",), None),
        (("http://[::1]:5000/cb",), None),
        ((), None),
    ],
)
def test_the_sector_is_the_one_public_host_of_the_redirect_uris(
    redirect_uris: tuple[str, ...], sector: str | None
) -> None:
    assert find_sector(pairwise(*redirect_uris)) == sector
    assert find_sector(pairwise(*redirect_uris, sector="example.com")) == "example.com"


def test_without_a_sector_there_is_no_subject() -> None:
    with pytest.raises(ValueError, match="no sector"):
        SUBJECTS.of(pairwise("com.example.app:/cb"), "alice-id")


@given(
    st.tuples(st.text(min_size=1), st.text()),
    st.tuples(st.text(min_size=1), st.text()),
)
def test_two_pairs_of_sector_and_person_never_share_a_subject(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    first, second = (
        SUBJECTS.of(pairwise(sector=sector), person) for sector, person in (one, other)
    )
    assert (first == second) == (one == other)


def test_a_public_client_knows_sessions_by_their_id() -> None:
    assert (
        SUBJECTS.session_of(a_client("web", ENTERPRISE), b"\xff" * 16) == "_____________________w"
    )


def test_a_session_and_a_person_of_one_name_are_told_apart() -> None:
    client = pairwise("https://rp.example/cb")
    assert SUBJECTS.session_of(client, b"same") != SUBJECTS.of(client, "same")


def test_another_key_gives_other_subjects() -> None:
    client = pairwise("https://rp.example/cb")
    assert SUBJECTS.of(client, "alice-id") != Subjects(key=b"K" * 32).of(client, "alice-id")


def test_the_key_is_in_no_text() -> None:
    assert "k" * 32 not in repr(SUBJECTS)
