"""Proof Key for Code Exchange. RFC 7636."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.pkce import challenge_of, parse_code_challenge, verifier_matches

# RFC 7636 appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
VERIFIERS = st.text(UNRESERVED, min_size=43, max_size=128)


def test_the_challenge_of_appendix_b_is_that_of_its_verifier() -> None:
    assert challenge_of(VERIFIER) == CHALLENGE


def test_the_verifier_of_appendix_b_matches_its_challenge() -> None:
    assert verifier_matches(VERIFIER, CHALLENGE)


@pytest.mark.parametrize(
    "verifier",
    [
        VERIFIER[:-1] + "l",
        VERIFIER.swapcase(),
        VERIFIER + "=",
        VERIFIER + "\n",
        f" {VERIFIER}",
        CHALLENGE,
        "",
    ],
)
def test_another_verifier_does_not_match(verifier: str) -> None:
    assert not verifier_matches(verifier, CHALLENGE)


@pytest.mark.parametrize("length", [43, 128])
def test_a_verifier_of_shortest_and_longest_length_matches(length: int) -> None:
    assert verifier_matches("v" * length, challenge_of("v" * length))


@pytest.mark.parametrize(
    "verifier",
    [
        "",
        "v" * 42,
        "v" * 129,
        "v" * 42 + "+",
        "v" * 42 + "/",
        "v" * 43 + "=",
        "v" * 42 + "é",
        "v" * 43 + "\n",
        "v" * 42 + " ",
        "v" * 42 + "\u0661",
        "v" * 42 + "%",
    ],
)
def test_a_verifier_that_is_not_well_formed_never_matches(verifier: str) -> None:
    assert not verifier_matches(verifier, challenge_of(verifier))


def test_an_s256_challenge_is_accepted() -> None:
    assert parse_code_challenge(CHALLENGE, "S256") == CHALLENGE


@pytest.mark.parametrize("method", [None, "", "plain", "s256", "S256 ", "S512", "none"])
def test_a_method_other_than_s256_is_malformed(method: str | None) -> None:
    with pytest.raises(Malformed) as caught:
        parse_code_challenge(CHALLENGE, method)
    assert caught.value.what == "code_challenge_method"


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        CHALLENGE[:-1],
        CHALLENGE + "A",
        CHALLENGE + "=",
        CHALLENGE[:-1] + "=",
        CHALLENGE + "\n",
        CHALLENGE[:-1] + "+",
        CHALLENGE[:-1] + "~",
        CHALLENGE[:-1] + "é",
        VERIFIER * 3,
    ],
)
def test_a_challenge_of_another_shape_is_malformed(challenge: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_code_challenge(challenge, "S256")
    assert caught.value.what == "code_challenge"


@settings(deadline=None)
@given(VERIFIERS)
def test_every_verifier_matches_its_own_challenge(verifier: str) -> None:
    assert verifier_matches(verifier, parse_code_challenge(challenge_of(verifier), "S256"))


@settings(deadline=None)
@given(VERIFIERS, st.data())
def test_no_verifier_matches_after_one_changed_character(
    verifier: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(verifier) - 1))
    other = data.draw(st.sampled_from(UNRESERVED).filter(lambda each: each != verifier[at]))
    changed = verifier[:at] + other + verifier[at + 1 :]
    assert not verifier_matches(changed, challenge_of(verifier))
