"""JSON as tokens and responses carry it. RFC 8259."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.compact_json import encode_json
from ostiary.protocol.tokens import Json

VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def test_json_has_no_spaces_and_no_character_beyond_ascii() -> None:
    assert encode_json({"a": [1, "é"], "b": None}) == b'{"a":[1,"\\u00e9"],"b":null}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_has_not_is_never_written(number: float) -> None:
    with pytest.raises(ValueError):
        encode_json({"a": number})


@settings(deadline=None)
@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_what_was_written_is_read_back(members: dict[str, Json]) -> None:
    assert json.loads(encode_json(members)) == members
