"""Nothing is cited that no test shows, and nothing is refused that no test reaches.

Whoever cites a further section, or adds a reason to refuse, writes its test here or its reason
below. A line that is no longer needed fails as well.
"""

from pathlib import Path

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.architecture.source import MODULES
from tests.specs.traces import citations, is_covered, read_functions, read_pure_tests, read_tests

TESTS = read_tests()
PURE_TESTS = read_pure_tests()
SHOWN = frozenset(section for test in TESTS + PURE_TESTS for section in test.sections)
REACHED = frozenset(reason for test in TESTS for reason in test.reasons)

LAYERS = frozenset({"accounts", "domain", "protocol", "provider", "web"})
CITED = {
    section: module.short_path
    for module in MODULES
    if module.layer in LAYERS
    for section in citations(module.text)
}

UNREACHABLE = {
    "PLAIN_HTTP": "the proxies' and the network's: tests/attacks/test_12_proxies.py",
    "PROXY_HEADER_MALFORMED": "the proxies' alone: tests/attacks/test_12_proxies.py",
    "ACCOUNT_SELECTION_REQUIRED": "only prompt=select_account asks for an account, and prompt=none"
    " cannot stand beside it; kept because every step names its answer to prompt=none",
}
WITHOUT_A_TEST = {
    "NIST SP 800-63B-4 §3.1.1.2": "how passwords are stored, which no endpoint shows",
}


@pytest.mark.parametrize("code", ReasonCode, ids=lambda code: code.name.lower())
def test_every_section_of_a_refusal_has_a_test(code: ReasonCode) -> None:
    sections = list(citations(code.value.section))
    assert sections, f"{code.name} cites nothing that can be read: {code.value.section!r}"
    missing = [section for section in sections if not is_covered(section, SHOWN)]
    assert not missing, f"no test is marked with {missing}"


@pytest.mark.parametrize("code", ReasonCode, ids=lambda code: code.name.lower())
def test_every_refusal_is_reached_or_listed_with_a_reason(code: ReasonCode) -> None:
    assert (code.name in REACHED) != (code.name in UNREACHABLE)


def test_every_listed_refusal_exists() -> None:
    assert set(UNREACHABLE) <= {code.name for code in ReasonCode}


@pytest.mark.parametrize("section", sorted(CITED))
def test_every_cited_section_has_a_test_or_is_listed_with_a_reason(section: str) -> None:
    listed = section in WITHOUT_A_TEST
    assert is_covered(section, SHOWN) != listed, f"cited in {CITED[section]}"


def test_every_listed_section_is_still_cited() -> None:
    assert set(WITHOUT_A_TEST) <= set(CITED)


@pytest.mark.parametrize("section", sorted(SHOWN))
def test_every_mark_is_one_citation_in_the_common_form(section: str) -> None:
    assert list(citations(section)) == [section]


def test_every_test_of_a_standard_says_which_requirement_it_shows() -> None:
    own = {test.name for test in read_functions(Path(__file__).read_text(encoding="utf-8"))}
    others = [test for test in TESTS + PURE_TESTS if test.name not in own]
    mute = [test.name for test in others if not (test.sections and test.docstring)]
    assert not mute


def test_a_mark_that_is_removed_is_missed() -> None:
    """The check itself: without its tests a section is not covered, and a neighbour's is no help."""
    text = (
        '@pytest.mark.spec("RFC 6749 §4.1.2")\ndef test_x():\n    refused(ReasonCode.CODE_EXPIRED)'
    )
    (test,) = read_functions(text)
    assert is_covered("RFC 6749 §4.1", test.sections)
    assert is_covered("RFC 6749 §4.1.2", test.sections)
    assert not is_covered("RFC 6749 §4.1.2.1", test.sections)
    assert not is_covered("RFC 6749 §4.1.1", test.sections)
    assert test.reasons == {"CODE_EXPIRED"}
    (bare,) = read_functions(text.partition("\n")[2])
    assert not bare.sections
