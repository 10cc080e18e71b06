"""JSON from outside, read in one way only: what two parsers could read differently is refused.

RFC 8259 §4 leaves it open what a repeated member means, §6 how large a number may be, §8.2 what
an unpaired surrogate is; RFC 7515 §4 and RFC 7519 §4 ask for the first to be refused.
"""

import json
import math
import re
from typing import NoReturn, cast

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json

MAX_LENGTH = 16_384
MAX_DEPTH = 10
MAX_DIGITS = 20

# A string, closed or not, or one bracket. It never reads a character twice.
_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def parse_json(
    text: str | bytes, *, max_length: int = MAX_LENGTH, max_depth: int = MAX_DEPTH
) -> Json:
    """What `text` says. Refuses, beyond what is no JSON: a member twice, NaN, Infinity and numbers
    out of a double's range, integers of more than MAX_DIGITS, NUL, lone surrogates, more than
    `max_length` characters, and more than `max_depth` levels (found before anything recurses).
    """
    if len(text) > max_length:
        raise Malformed("JSON", f"at most {max_length} characters")
    if isinstance(text, bytes):
        text = _decode(text)
    if _depth(text) > max_depth:
        raise Malformed("JSON", f"at most {max_depth} levels")
    try:
        value = cast("Json", _decoder.decode(text))
    except Malformed:
        raise
    except ValueError as error:
        raise Malformed("JSON", "well-formed JSON") from error
    if not text.isascii() or "\\u" in text:
        _check_texts(value)
    return value


def parse_json_object(
    text: str | bytes, *, max_length: int = MAX_LENGTH, max_depth: int = MAX_DEPTH
) -> dict[str, Json]:
    """The members of the object that `text` is; see `parse_json`."""
    value = parse_json(text, max_length=max_length, max_depth=max_depth)
    if not isinstance(value, dict):
        raise Malformed("JSON", "a JSON object")
    return value


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("JSON", "UTF-8 text") from error


def _depth(text: str) -> int:
    """How deep the brackets outside of strings stand in each other."""
    if text.count("[") + text.count("{") <= 1:
        return 1
    depth = deepest = 0
    for found in _BRACKET_OR_STRING.findall(text):
        if found in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif found in "]}":
            depth -= 1
    return deepest


def _check_texts(value: Json) -> None:
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise Malformed("JSON", "text without NUL and lone surrogates")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_texts(name)
            _check_texts(member)
    elif isinstance(value, list):
        for element in value:
            _check_texts(element)


def _members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("JSON", "each member once")
    return members


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Malformed("JSON", f"integers of at most {MAX_DIGITS} digits")
    return int(digits)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Malformed("JSON", "numbers in the range of a double")
    return number


def _constant(_: str) -> NoReturn:
    raise Malformed("JSON", "no NaN and no Infinity")


# One decoder, made once: json.loads makes a new one for each call that is not plain.
_decoder = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=_constant,
)
