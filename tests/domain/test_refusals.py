"""The catalogue of refusals: what goes over the wire, and what only into the record."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.domain.refusals import MAX_SHOWN, ReasonCode
from ostiary.protocol.errors import ErrorCode

# What error_description may carry. RFC 6749 §4.1.2.1, RFC 6750 §3
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")
SECTION = re.compile(
    r"(RFC|OIDC|OAuth|RP-Initiated|CWE)[\w .§/-]*\d|RFC \d+ appendix [A-Z]|§\d+(\.\d+)*"
)

STATUS = {
    ErrorCode.INVALID_CLIENT: {401},
    ErrorCode.INVALID_TOKEN: {401},
    ErrorCode.INSUFFICIENT_SCOPE: {403},
    ErrorCode.INVALID_GRANT: {400},
    ErrorCode.INVALID_SCOPE: {400},
    ErrorCode.UNSUPPORTED_GRANT_TYPE: {400},
    ErrorCode.UNAUTHORIZED_CLIENT: {400, 403},
    ErrorCode.SERVER_ERROR: {500},
    ErrorCode.TEMPORARILY_UNAVAILABLE: {429, 503},
}


@pytest.mark.parametrize("code", ReasonCode, ids=lambda code: code.name)
def test_the_public_text_is_one_that_error_description_may_carry(code: ReasonCode) -> None:
    assert DESCRIPTION.fullmatch(code.value.text)


@pytest.mark.parametrize("code", ReasonCode, ids=lambda code: code.name)
def test_a_reason_cites_the_sections_that_it_enforces(code: ReasonCode) -> None:
    sections = code.value.section.split(", ")
    assert [section for section in sections if not SECTION.fullmatch(section)] == []


@pytest.mark.parametrize("code", ReasonCode, ids=lambda code: code.name)
def test_a_reason_says_in_a_sentence_what_to_do_about_it(code: ReasonCode) -> None:
    assert code.value.advice[0].isupper()
    assert code.value.advice.endswith(".")


@pytest.mark.parametrize("code", ReasonCode, ids=lambda code: code.name)
def test_the_status_is_that_of_the_error(code: ReasonCode) -> None:
    expected = STATUS.get(code.value.error, set(range(400, 500)))
    assert code.value.status in expected


def test_every_reason_is_listed_once() -> None:
    # Two equal reasons would be one member of the Enum under two names.
    assert set(ReasonCode.__members__) == {code.name for code in ReasonCode}


def test_a_wrong_code_of_whatever_kind_gets_one_and_the_same_answer() -> None:
    codes = (ReasonCode.CODE_UNKNOWN, ReasonCode.CODE_EXPIRED, ReasonCode.CODE_REUSED)
    assert len({(code.value.error, code.value.text, code.value.status) for code in codes}) == 1


def test_a_wrong_refresh_token_of_whatever_kind_gets_one_and_the_same_answer() -> None:
    codes = (
        ReasonCode.REFRESH_TOKEN_UNKNOWN,
        ReasonCode.REFRESH_TOKEN_EXPIRED,
        ReasonCode.REFRESH_TOKEN_REUSED,
    )
    assert len({(code.value.error, code.value.text, code.value.status) for code in codes}) == 1


def test_a_refusal_carries_what_was_expected_and_what_came() -> None:
    refusal = ReasonCode.GRANT_TYPE_UNSUPPORTED.refusal(expected="a", received=5)
    assert (refusal.expected, refusal.received) == ("a", "5")
    assert refusal.reason is ReasonCode.GRANT_TYPE_UNSUPPORTED.value


def test_a_refusal_without_particulars_has_none() -> None:
    refusal = ReasonCode.BUSY.refusal()
    assert (refusal.expected, refusal.received) == (None, None)


@pytest.mark.parametrize("value", [0, "", False])
def test_what_came_is_told_even_when_it_was_nothing(value: object) -> None:
    assert ReasonCode.BUSY.refusal(received=value).received == str(value)


def test_the_text_of_the_exception_tells_the_reason_alone() -> None:
    assert str(ReasonCode.CODE_UNKNOWN.refusal(received="let me in")) == "CODE_UNKNOWN"


@pytest.mark.parametrize(
    ("received", "shown"),
    [
        ("plain é ☃", "plain é ☃"),
        ("a\r\nSet-Cookie: x", "a\\u000d\\u000aSet-Cookie: x"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("\0", "\\u0000"),
    ],
)
def test_what_cannot_be_printed_is_escaped_in_the_record(received: str, shown: str) -> None:
    assert ReasonCode.BUSY.refusal(received=received).received == shown


def test_what_is_too_long_is_cut_and_says_so() -> None:
    received = ReasonCode.BUSY.refusal(received="x" * 5000).received
    assert received == "x" * MAX_SHOWN + "… (5000 characters)"


@settings(deadline=None)
@given(st.text(max_size=1000))
def test_whatever_came_the_record_is_short_and_printable(text: str) -> None:
    received = ReasonCode.BUSY.refusal(received=text).received
    assert received is not None
    assert received.isprintable()
    assert len(received) <= 8 * MAX_SHOWN + 40
