"""Request parameters. RFC 6749 §3.1, §3.2 and appendix B."""

import contextlib
import time
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.parameters import MAX_PARAMETERS, Parameters, parse_parameters

# What UTF-8 can carry, without NUL.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)

LARGEST_BODY = 65_536
SHAPES = (
    b"%41",
    b"&",
    b"=",
    b"+",
    b"a=&",
    b"a=%C3%A9",
    b"%",
    b"%4",
    b"\xc3",
    b"a",
    b"%00",
    b"\xff",
)


@pytest.mark.parametrize(
    ("encoded", "values"),
    [
        (b"", {}),
        (b"a=1", {"a": "1"}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"&a=1&&b=2&", {"a": "1", "b": "2"}),
        (b"a=x=y", {"a": "x=y"}),
        (b"a=x+y%20z%2B", {"a": "x y z+"}),
        (b"%61+b=1", {"a b": "1"}),
        (b"a=%26%3D%23", {"a": "&=#"}),
        (b"a=%c3%A9\xc3\xa9", {"a": "éé"}),
        (b"a=1;b=2", {"a": "1;b=2"}),
        (b"=1", {"": "1"}),
        (b"a=%2500", {"a": "%00"}),
        (b"a=%0A", {"a": "\n"}),
    ],
)
def test_parameters_are_decoded(encoded: bytes, values: dict[str, str]) -> None:
    assert parse_parameters(encoded) == Parameters(values=values)


@pytest.mark.parametrize("encoded", [b"scope", b"scope=", b"scope=&state="])
def test_a_parameter_without_value_counts_as_absent(encoded: bytes) -> None:
    assert parse_parameters(encoded).get("scope") is None


@pytest.mark.parametrize(
    "encoded", [b"a=1&a=2", b"a=1&a=1", b"a=&a=1", b"a=1&a", b"a=1&%61=2", b"a=1&a=2&a=3"]
)
def test_a_parameter_sent_twice_is_remembered_as_repeated(encoded: bytes) -> None:
    assert parse_parameters(encoded).repeated == {"a"}


def test_of_a_repeated_parameter_the_first_value_stays() -> None:
    assert parse_parameters(b"a=1&b=5&a=2").values == {"a": "1", "b": "5"}


def test_resource_may_be_sent_more_than_once() -> None:
    assert not parse_parameters(b"resource=https://a&resource=https://b").repeated


def test_names_differ_by_case() -> None:
    assert parse_parameters(b"a=1&A=2") == Parameters(values={"a": "1", "A": "2"})


@pytest.mark.parametrize(
    "encoded",
    [b"a=%", b"a=%4", b"a=%zz", b"a=%+1", b"a=%4%31", b"%", b"a=1&%g0=2"],
)
def test_a_broken_percent_escape_is_malformed(encoded: bytes) -> None:
    with pytest.raises(Malformed, match="hexadecimal"):
        parse_parameters(encoded)


@pytest.mark.parametrize(
    "encoded",
    [b"a=\xff", b"a=%ff", b"%C3=1", b"a=%C0%80", b"a=%ED%A0%80", b"a=%F4%90%80%80", b"a=\xc3%A9"],
)
def test_what_is_not_utf_8_is_malformed(encoded: bytes) -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        parse_parameters(encoded)


@pytest.mark.parametrize("encoded", [b"a=%00", b"a=x\0y", b"%00=1"])
def test_a_nul_is_malformed(encoded: bytes) -> None:
    with pytest.raises(Malformed, match="NUL"):
        parse_parameters(encoded)


def test_as_many_parameters_as_the_limit_are_accepted() -> None:
    encoded = b"&".join(b"p%d=1" % number for number in range(MAX_PARAMETERS))
    assert len(parse_parameters(encoded).values) == MAX_PARAMETERS


@pytest.mark.parametrize("pair", [b"a=1", b"", b"a"])
def test_more_parameters_than_the_limit_are_malformed(pair: bytes) -> None:
    with pytest.raises(Malformed, match="at most"):
        parse_parameters(b"&".join([pair] * (MAX_PARAMETERS + 1)))


def test_merged_parameters_are_those_of_both() -> None:
    merged = parse_parameters(b"a=1").merged(parse_parameters(b"b=2"))
    assert merged == Parameters(values={"a": "1", "b": "2"})


def test_merging_remembers_as_repeated_what_stands_in_both() -> None:
    merged = parse_parameters(b"a=body&b=1").merged(parse_parameters(b"a=query&c=1"))
    assert merged.repeated == {"a"}
    assert merged.get("a") == "body"


def test_merging_keeps_what_was_repeated_in_either() -> None:
    merged = parse_parameters(b"a=1&a=1").merged(parse_parameters(b"b=1&b=1"))
    assert merged.repeated == {"a", "b"}


def test_merging_lets_resource_stand_in_both() -> None:
    query, body = parse_parameters(b"resource=https://a"), parse_parameters(b"resource=https://b")
    assert not body.merged(query).repeated


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(st.sampled_from([*SHAPES, b"x", b"1"]), max_size=60).map(b"".join),
    )
)
def test_any_bytes_are_parameters_or_malformed(encoded: bytes) -> None:
    try:
        parsed = parse_parameters(encoded)
    except Malformed:
        return
    assert all(value and "\0" not in name + value for name, value in parsed.values.items())
    assert parsed.repeated.isdisjoint({"resource"})


@settings(deadline=None)
@given(st.dictionaries(TEXT, TEXT, max_size=MAX_PARAMETERS))
def test_what_urlencode_wrote_is_read_back(values: dict[str, str]) -> None:
    parsed = parse_parameters(urlencode(values).encode("ascii"))
    assert parsed.values == {name: value for name, value in values.items() if value}
    assert not parsed.repeated


@pytest.mark.parametrize("shape", SHAPES)
def test_the_largest_body_of_any_shape_is_read_at_once(shape: bytes) -> None:
    encoded = b"a=" + shape * (LARGEST_BODY // len(shape))
    began = time.process_time()
    with contextlib.suppress(Malformed):
        parse_parameters(encoded)
    assert time.process_time() - began < 0.25
