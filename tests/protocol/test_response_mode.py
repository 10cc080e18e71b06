"""Response modes. OAuth Multiple Response Types §2.1, Form Post §2."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.response_mode import ResponseMode, append_parameters, parse_response_mode

VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
REDIRECT_URIS = (
    "https://rp.example",
    "https://rp.example/cb",
    "https://rp.example/cb?",
    "https://rp.example/cb?a=1",
    "https://rp.example/cb?a=1&",
    "https://rp.example/cb?a=%26b&c=%3D",
    "http://127.0.0.1:4711/cb",
    "com.example.app:/cb",
)


def test_a_code_travels_in_the_query_by_default() -> None:
    assert parse_response_mode(None) is ResponseMode.QUERY


@pytest.mark.parametrize("mode", ResponseMode)
def test_a_mode_is_known_by_its_name(mode: ResponseMode) -> None:
    assert parse_response_mode(mode.value) is mode


@pytest.mark.parametrize("text", ["", "Query", "query fragment", "web_message", "jwt", "form-post"])
def test_any_other_mode_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="form_post"):
        parse_response_mode(text)


@pytest.mark.parametrize(
    ("redirect_uri", "mode", "location"),
    [
        ("https://rp.example/cb", ResponseMode.QUERY, "https://rp.example/cb?code=x"),
        ("https://rp.example/cb?a=1", ResponseMode.QUERY, "https://rp.example/cb?a=1&code=x"),
        ("https://rp.example/cb?", ResponseMode.QUERY, "https://rp.example/cb?code=x"),
        ("https://rp.example/cb?a&", ResponseMode.QUERY, "https://rp.example/cb?a&code=x"),
        ("https://rp.example/cb", ResponseMode.FRAGMENT, "https://rp.example/cb#code=x"),
        ("https://rp.example/cb?a=1", ResponseMode.FRAGMENT, "https://rp.example/cb?a=1#code=x"),
    ],
)
def test_parameters_are_appended(redirect_uri: str, mode: ResponseMode, location: str) -> None:
    assert append_parameters(redirect_uri, mode, (("code", "x"),)) == location


@settings(deadline=None)
@given(st.sampled_from(REDIRECT_URIS), VALUES, VALUES)
def test_the_query_keeps_what_was_there_and_carries_any_value(
    redirect_uri: str, state: str, code: str
) -> None:
    sent = (("state", state), ("code", code))
    location = append_parameters(redirect_uri, ResponseMode.QUERY, sent)
    registered, answered = urlsplit(redirect_uri), urlsplit(location)
    assert location.startswith(redirect_uri)
    assert location.isascii()
    assert answered._replace(query="") == registered._replace(query="")
    assert parse_qsl(answered.query) == [*parse_qsl(registered.query), *sent]


@settings(deadline=None)
@given(st.sampled_from(REDIRECT_URIS), VALUES)
def test_the_fragment_carries_any_value_and_the_query_stays(redirect_uri: str, state: str) -> None:
    location = append_parameters(redirect_uri, ResponseMode.FRAGMENT, (("state", state),))
    base, _, fragment = location.partition("#")
    assert base == redirect_uri
    assert parse_qsl(fragment) == [("state", state)]
