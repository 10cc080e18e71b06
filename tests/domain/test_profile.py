"""Profiles and quirks are data."""

import pytest

from ostiary.domain.profile import PROFILES, Profile
from ostiary.domain.quirks import Quirk
from tests.domain.values import an_issuer


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_found_by_its_name(name: str) -> None:
    assert PROFILES[name].name == name


def test_oauth_2_1_lets_no_client_go_without_pkce() -> None:
    assert not PROFILES["oauth21"].pkce_may_be_optional


def test_the_default_profile_of_an_issuer_exists() -> None:
    assert isinstance(PROFILES[an_issuer().profile_name], Profile)


def test_an_issuer_has_no_quirks_unless_switched_on() -> None:
    assert an_issuer().quirks == frozenset()


@pytest.mark.parametrize("quirk", Quirk)
def test_a_quirk_is_named_in_words_with_hyphens(quirk: Quirk) -> None:
    assert quirk.value == quirk.name.lower().replace("_", "-")
