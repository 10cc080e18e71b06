"""A user's name, in the one form under which it is found."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ostiary.domain.user import User, canonical_username, display_name
from ostiary.protocol.tokens import Claims


@pytest.mark.parametrize(
    "spelling",
    [
        "Alice",
        "ALICE",
        " alice ",
        "\talice\n",
        "\uff21\uff4c\uff49\uff43\uff45",
        "\u00a0alice\u3000",
    ],
)
def test_spellings_that_keyboards_make_of_a_name_are_one(spelling: str) -> None:
    assert canonical_username(spelling) == "alice"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zo\u00eb", "zoe\u0308"),
        ("stra\u00dfe", "STRASSE"),
        ("\u01c4", "\u01c6"),
        ("\ufb01sh", "FISH"),
        ("\u03a3\u03a3", "\u03c3\u03c2"),
        ("\u212bsa", "\u00e5sa"),
    ],
)
def test_composed_compatible_and_folded_forms_are_one(one: str, other: str) -> None:
    assert canonical_username(one) == canonical_username(other)


@pytest.mark.parametrize("other", ["alic\u0435", "al ice", "alice.", "alíce", "", "alice@x"])
def test_another_name_stays_another(other: str) -> None:
    assert canonical_username(other) != "alice"


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=20))
@example("\u00df\u0301")
@example("\u0130\u0316")
def test_the_canonical_form_is_its_own(username: str) -> None:
    canonical = canonical_username(username)
    assert canonical_username(canonical) == canonical


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=20), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_every_normal_form_of_a_name_is_the_same_name(username: str, form: str) -> None:
    normal = unicodedata.normalize(form, username)  # type: ignore[arg-type]
    assert canonical_username(normal) == canonical_username(username)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Alice Q Example"}, "Alice Q Example"),
        ({}, "alice"),
        ({"name": ""}, "alice"),
        ({"name": None}, "alice"),
        ({"name": ["Alice"]}, "alice"),
        ({"given_name": "Alice"}, "alice"),
    ],
)
def test_a_person_is_addressed_by_name_or_else_by_username(claims: Claims, name: str) -> None:
    assert display_name("alice", claims) == name


def test_a_user_has_no_password_and_is_switched_on_unless_said() -> None:
    user = User(user_id="1", username="alice")
    assert (user.password_hash, user.disabled_at) == (None, None)
