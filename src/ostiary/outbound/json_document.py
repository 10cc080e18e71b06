"""A JSON object that somebody else wrote, read with bounds. RFC 8259, RFC 7517 §8.5.2."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import cast

from ostiary.outbound.fetcher import FetchFailed
from ostiary.protocol.tokens import Json

MEDIA_TYPES = frozenset({"application/json", "application/jwk-set+json"})
MAX_DEPTH = 16


def is_json(content_type: str) -> bool:
    """Whether the header says JSON, in the one encoding that JSON has between servers."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    return media_type in MEDIA_TYPES and set(parameters) <= {"charset=utf-8", 'charset="utf-8"'}


def parse_json_object(body: bytes) -> Mapping[str, Json]:
    """Raises FetchFailed for what is no JSON, and for JSON that two parsers may read differently."""
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_number,
            parse_float=_number,
        )
    except RecursionError as error:
        raise FetchFailed("nested too deeply") from error
    except ValueError as error:
        raise FetchFailed("not JSON") from error
    if not isinstance(document, dict):
        raise FetchFailed("not a JSON object")
    _check_depth(document)
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:  # half a surrogate pair, as an escape
        raise FetchFailed("not JSON") from error
    return cast("dict[str, Json]", document)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise FetchFailed("duplicate names in JSON")
    return members


def _number(text: str) -> float:
    """Raises ValueError for NaN and for what is infinite, in words or by its size."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a number of JSON")
    return number


def _check_depth(document: Json) -> None:
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inner(value)]
        if not level:
            return
    raise FetchFailed("nested too deeply")


def _inner(value: Json) -> Sequence[Json]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()
