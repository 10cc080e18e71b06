"""JSON that somebody else wrote."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.outbound.fetcher import FetchFailed
from ostiary.outbound.json_document import MAX_DEPTH, is_json, parse_json_object


def reason(body: bytes) -> str:
    with pytest.raises(FetchFailed) as caught:
        parse_json_object(body)
    return caught.value.reason


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


def test_an_object_is_read() -> None:
    body = '{"a": ["ä", 1, 2.5, true, null, {"b": "\\ud83d\\ude00"}], "": -0.0}'.encode()
    assert parse_json_object(body) == json.loads(body)
    assert parse_json_object(nested(MAX_DEPTH)) == json.loads(nested(MAX_DEPTH))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"{", "not JSON"),
        (b"{}{}", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": -Infinity}', "not JSON"),
        (b'{"a": 1e999}', "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a": "\x00"}', "not JSON"),
        (b'{"a": "\xff"}', "not JSON"),
        (b'{"a": "\\ud800"}', "not JSON"),
        (b'{"\\udc00": 1}', "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ("{}".encode("utf-16"), "not JSON"),
        ("{}".encode("utf-32-le"), "not JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"a": 1, "a": 1}', "duplicate names in JSON"),
        (b'{"a": [{"b": 1, "\\u0062": 2}]}', "duplicate names in JSON"),
        (nested(MAX_DEPTH + 1), "nested too deeply"),
        (nested(10_000), "nested too deeply"),
        (b'{"a":' + b"[" * 30_000, "nested too deeply"),
        (b'{"a":' + b"[" * 60 + b"]" * 60 + b"}", "nested too deeply"),
    ],
)
def test_what_two_parsers_may_read_differently_is_refused(body: bytes, why: str) -> None:
    assert reason(body) == why


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(FetchFailed):
        assert isinstance(parse_json_object(body), dict)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/html",
        "text/json",
        "application/octet-stream",
        "application/jsonp",
        "application/problem+json",
        "application/json, text/html",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; boundary=x",
        "text/html; application/json",
    ],
)
@pytest.mark.spec("RFC 7517 §8.5.2")
def test_other_content_types_are_not_json(content_type: str) -> None:
    assert not is_json(content_type)
