"""Scope. RFC 6749 §3.3."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.scope import MAX_SCOPE_LENGTH, MAX_SCOPES, format_scope, parse_scope

NAMES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"\\'),
    min_size=1,
    max_size=MAX_SCOPE_LENGTH,
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (None, set()),
        ("", set()),
        ("   ", set()),
        ("openid", {"openid"}),
        ("openid profile", {"openid", "profile"}),
        (" openid  profile ", {"openid", "profile"}),
        ("openid openid", {"openid"}),
        ("OpenID openid", {"OpenID", "openid"}),
        ("https://api.example/read.only?x#y", {"https://api.example/read.only?x#y"}),
        ("a!b~c'd,e;f", {"a!b~c'd,e;f"}),
    ],
)
def test_scope_is_the_set_of_its_names(text: str | None, names: set[str]) -> None:
    assert parse_scope(text) == names


@pytest.mark.parametrize(
    "text",
    [
        'open"id',
        "open\\id",
        "openid\tprofile",
        "openid\nprofile",
        "openid\r\n",
        "\x7f",
        "é",
        "\0",
        "openid\u2003profile",
        "\u00a0",
        "\ud800",
        "openid\u200b",
    ],
)
def test_a_name_of_other_characters_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_scope(text)


def test_the_longest_name_is_accepted_and_one_more_character_is_not() -> None:
    assert parse_scope("s" * MAX_SCOPE_LENGTH)
    with pytest.raises(Malformed):
        parse_scope("s" * (MAX_SCOPE_LENGTH + 1))


def test_as_many_names_as_the_limit_are_accepted_and_one_more_is_not() -> None:
    assert len(parse_scope(" ".join(map(str, range(MAX_SCOPES))))) == MAX_SCOPES
    with pytest.raises(Malformed):
        parse_scope(" ".join(map(str, range(MAX_SCOPES + 1))))


def test_a_text_of_nothing_but_spaces_is_bounded_as_well() -> None:
    with pytest.raises(Malformed):
        parse_scope(" " * 1_000_000)


def test_the_wire_form_has_openid_first_and_the_rest_in_order() -> None:
    assert format_scope(frozenset({"profile", "Zeta", "email", "openid"})) == (
        "openid Zeta email profile"
    )


def test_the_wire_form_of_no_scope_is_empty() -> None:
    assert format_scope(frozenset()) == ""


@settings(deadline=None)
@given(st.frozensets(NAMES, max_size=20))
def test_a_scope_that_was_written_is_read_back(scope: frozenset[str]) -> None:
    assert parse_scope(format_scope(scope)) == scope


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=100))
def test_any_text_is_a_scope_or_malformed(text: str) -> None:
    try:
        scope = parse_scope(text)
    except Malformed:
        return
    assert scope == set(text.split(" ")) - {""}
