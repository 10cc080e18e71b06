"""The prompt and max_age parameters. OIDC Core §3.1.2.1."""

import pytest

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.prompt import Prompt, parse_max_age, parse_prompt


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        (None, set()),
        ("", set()),
        ("none", {Prompt.NONE}),
        ("none none", {Prompt.NONE}),
        ("login", {Prompt.LOGIN}),
        ("consent login", {Prompt.LOGIN, Prompt.CONSENT}),
        (" login  consent ", {Prompt.LOGIN, Prompt.CONSENT}),
        (
            "select_account login consent",
            {Prompt.SELECT_ACCOUNT, Prompt.LOGIN, Prompt.CONSENT},
        ),
    ],
)
def test_prompt_is_the_set_of_its_values(text: str | None, prompts: set[Prompt]) -> None:
    assert parse_prompt(text) == prompts


@pytest.mark.parametrize("text", ["none login", "consent none", "none select_account"])
def test_none_with_any_other_value_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="without any other"):
        parse_prompt(text)


@pytest.mark.parametrize("text", ["create", "Login", "login,consent", "login\0", "NONE", "prompt"])
def test_an_unknown_value_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="none, login, consent or select_account"):
        parse_prompt(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, None), ("0", 0), ("1", 1), ("0060", 60), ("9999999999", 9_999_999_999)],
)
def test_max_age_is_a_number_of_seconds(text: str | None, seconds: int | None) -> None:
    assert parse_max_age(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1.0", " 1", "1 ", "1e3", "0x10", "1_0", "\u0661", "²", "\uff11", "true"],
)
def test_max_age_that_is_no_number_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_max_age(text)


@pytest.mark.parametrize("text", ["1" * 11, "9" * 5000])
def test_max_age_of_more_digits_than_any_age_has_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_max_age(text)
