"""RFC 8785: the one text of a JSON object."""

import pytest

from ostiary.protocol.canonical_json import canonical_json


@pytest.mark.spec("RFC 8785 §3.2")
def test_an_object_has_one_spelling() -> None:
    """§3.2.1 no white space, §3.2.2.2 the shortest escapes, §3.2.3 sorted, §3.2.4 UTF-8."""
    members = {"b": None, "a": 'é"\\\n\u0001\u007f/', "at": 1_800_000_000}
    assert canonical_json(members) == (
        '{"a":"é\\"\\\\\\n\\u0001\u007f/","at":1800000000,"b":null}'.encode()
    )
