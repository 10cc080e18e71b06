"""JSON from outside. RFC 8259; AZ-28 to AZ-34 and CA-33 of the attacks."""

import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.strict_json import MAX_DEPTH, MAX_LENGTH, parse_json, parse_json_object

VALUES: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 10**19, 10**19)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab\\"é', max_size=3), inner)
    ),
    max_leaves=8,
)


def refused(text: str | bytes) -> bool:
    try:
        parse_json(text)
    except Malformed:
        return True
    return False


@given(VALUES, st.booleans())
def test_what_json_can_say_is_read(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert parse_json(text, max_depth=20) == value
    assert parse_json(text.encode(), max_depth=20) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[1,]",
        "{1:2}",
        "'a'",
        "nul",
        "{}x",
        "{} {}",
        "01",
        "+1",
        ".5",
        "1.",
        "0x1",
        '"a',
        '"\\x"',
        '"\\u12"',
        '"\t"',
        "\ufeff{}",
        "{,}",
        "//\n1",
        "tru",
        "[",
        "\\",
        '"\\',
    ],
)
def test_az_28_what_is_no_json_is_refused(text: str) -> None:
    assert refused(text)
    assert refused(text.encode())


@pytest.mark.parametrize("text", ["[]", '"a"', "1", "null", "true"])
def test_az_28_where_an_object_is_wanted_nothing_else_is_read(text: str) -> None:
    with pytest.raises(Malformed, match="a JSON object"):
        parse_json_object(text)


@pytest.mark.parametrize("raw", [b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'\xff\xfe"\0'])
def test_bytes_that_are_not_utf_8_are_refused(raw: bytes) -> None:
    assert refused(raw)


@pytest.mark.spec("RFC 8259 §4")
@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":1}', '{"a":1,"b":2,"a":3}', '{"a":1,"\\u0061":2}', '[{"x":{"a":1,"a":2}}]'],
)
def test_ca_33_a_member_twice_is_refused_at_any_depth(text: str) -> None:
    """RFC 8259 §4: names should be unique; what software makes of others is unpredictable."""
    with pytest.raises(Malformed, match="each member once"):
        parse_json(text)


@pytest.mark.spec("RFC 8259 §6")
@pytest.mark.parametrize(
    "number",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1e999999",
        "1E+400",
        "9" * 5_000,
        "9" * 21,
        "-" + "9" * 20,
        "1" + "0" * 400 + ".0",
    ],
)
def test_az_31_a_number_out_of_all_proportion_is_refused(number: str) -> None:
    """RFC 8259 §6: Infinity and NaN are not permitted; limits on range may be set."""
    assert refused(number)
    assert refused(f'{{"a":[{number}]}}')


@pytest.mark.parametrize("number", ["0", "-0", "9" * 20, "1e308", "-1.5E-300", "1e-999"])
def test_numbers_of_some_size_are_read(number: str) -> None:
    value = parse_json(number)
    assert isinstance(value, int | float)
    assert math.isfinite(value)


@pytest.mark.spec("RFC 8259 §8.2")
@pytest.mark.parametrize(
    "text",
    [
        r'"\ud800"',
        r'"\udfff"',
        r'"\udc00\ud800"',
        r'"a\ud83dz"',
        r'{"\ud800":1}',
        r'[["\uD800"]]',
        r'"\u0000"',
        r'{"a\u0000":1}',
        r'[{"a":["\u0000"]}]',
        '"\ud800"',
        '"\\\\\\ud800"',
    ],
)
def test_az_32_nul_and_lone_surrogates_are_refused_wherever_they_stand(text: str) -> None:
    """RFC 8259 §8.2: what receivers make of unpaired surrogates is unpredictable."""
    with pytest.raises(Malformed, match="NUL"):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud83d\ude00"', "😀"),
        ('"😀"', "😀"),
        (r'"\\u0000"', r"\u0000"),
        (r'"\\ud800"', r"\ud800"),
    ],
)
def test_pairs_and_escaped_backslashes_are_no_such_thing(text: str, value: str) -> None:
    assert parse_json(text) == value


@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]"), ('["[",', "]")]
)
def test_az_29_depth_is_bounded(opening: str, closing: str) -> None:
    levels = opening.count("{") + opening.count("[") - opening.count('"["')
    times = MAX_DEPTH // levels
    assert parse_json(opening * times + "1" + closing * times)
    with pytest.raises(Malformed, match="levels"):
        parse_json(opening * (times + 1) + "1" + closing * (times + 1))


@pytest.mark.parametrize("text", ["[" * 5_000, '{"a":' * 3_000, "[" * 5_000 + "]" * 5_000])
def test_az_29_five_thousand_levels_are_refused_before_they_are_entered(text: str) -> None:
    with pytest.raises(Malformed, match="levels"):
        parse_json(text)


@pytest.mark.parametrize(
    "text", [r'["[[[[[[[[[[[[[[[["]', r'["\"[[[[[[[[[[[[[["]', "[[],[],[],[],[],[],[],[],[],[]]"]
)
def test_brackets_in_texts_and_beside_each_other_are_no_depth(text: str) -> None:
    assert parse_json(text) == json.loads(text)


def test_az_30_length_is_bounded() -> None:
    assert parse_json('"' + "a" * (MAX_LENGTH - 2) + '"')
    with pytest.raises(Malformed, match="characters"):
        parse_json('"' + "a" * MAX_LENGTH + '"')
    assert parse_json('"' + "a" * MAX_LENGTH + '"', max_length=2 * MAX_LENGTH)


@pytest.mark.parametrize(
    "unit", ['"', '\\"', '"\\', "[", "]", "{", '[""', '"a":', "\\u", '{"', "[[]", '"[', "é", "1e"]
)
def test_no_text_takes_long(unit: str) -> None:
    size = 50_000
    text = "[[" + unit * (size // len(unit))
    began = time.process_time()
    with pytest.raises(Malformed):
        parse_json(text, max_length=2 * size, max_depth=20)
    assert time.process_time() - began < 0.2


@settings(max_examples=300)
@given(st.text(st.sampled_from('[]{}",:\\u0d8e1-+.NaIfinty \x00é\ud800'), max_size=40))
def test_whatever_is_read_python_reads_in_the_same_way(text: str) -> None:
    try:
        value = parse_json(text)
    except Malformed:
        return
    assert value == json.loads(text)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
