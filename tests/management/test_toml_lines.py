"""The lines of keys: every way in which TOML can say one."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ostiary.management.toml_lines import KeyPath, key_lines, line_of

TEXT = '''\
# comment = 1
title = "x # no comment"
"quoted key" = 'y'
[server]
port = 1 # comment
[server.deep."er"]
a.b.c = """
[not.a.table]
"""
[[list]]
inline = { x = 1, y = [1, {z = 2}] }
array = [
  1, # one
  "]",
  [2,
   3],
]
[[list]]
[list.table]
last = 1979-05-27T07:32:00Z
[[list.nested]]
n = 1
[[list.nested]]
n = 2
'''


def test_each_key_is_on_its_line() -> None:
    lines = key_lines(TEXT)
    expected: dict[KeyPath, int] = {
        ("title",): 2,
        ("quoted key",): 3,
        ("server",): 4,
        ("server", "port"): 5,
        ("server", "deep", "er"): 6,
        ("server", "deep", "er", "a", "b", "c"): 7,
        ("list", 0): 10,
        ("list", 0, "inline", "y", 1, "z"): 11,
        ("list", 0, "array", 0): 13,
        ("list", 0, "array", 2, 1): 16,
        ("list", 1): 18,
        ("list", 1, "table", "last"): 20,
        ("list", 1, "nested", 0, "n"): 22,
        ("list", 1, "nested", 1, "n"): 24,
    }
    assert {path: lines.get(path) for path in expected} == expected


def test_every_key_that_tomllib_reads_has_a_line() -> None:
    lines = key_lines(TEXT)
    assert _paths(tomllib.loads(TEXT)) <= set(lines)


def test_a_key_that_is_missing_is_where_it_would_stand() -> None:
    lines = key_lines(TEXT)
    assert line_of(lines, ("list", 1, "name")) == 18
    assert line_of(lines, ("nothing",)) is None


KEYS = st.text(alphabet="abc-_", min_size=1, max_size=3)
VALUES = st.one_of(
    st.integers().map(str),
    st.sampled_from(['"a # \\" b"', "'c]'", '"""d\n\\""" e"""', "'''f\n'g'''", "true", "1.5"]),
)
ARRAYS = st.lists(VALUES, max_size=3).map(lambda members: f"[\n{', '.join(members)} ]")
TABLES = st.dictionaries(KEYS, st.one_of(VALUES, ARRAYS), max_size=4)


@given(st.dictionaries(KEYS, TABLES, max_size=4))
def test_whatever_is_written_is_followed(tables: dict[str, dict[str, str]]) -> None:
    text = ""
    expected: dict[KeyPath, int] = {}
    for name, table in tables.items():
        expected[name,] = text.count("\n") + 1
        text += f"[{name}] # header\n"
        for key, value in table.items():
            expected[name, key] = text.count("\n") + 1
            text += f"{key} = {value} # comment\n\n"
    tomllib.loads(text)
    lines = key_lines(text)
    assert {path: lines[path] for path in expected} == expected


def _paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    members = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    found: set[KeyPath] = {path} if path else set()
    for key, member in members:
        found |= _paths(member, (*path, key))
    return found
