"""How values stand in columns: the few forms that both engines share."""

import json
from typing import Any, Final, cast

from ostiary.protocol.scope import format_scope
from ostiary.protocol.tokens import Claims
from ostiary.storage.database import Row

_decoder: Final = json.JSONDecoder()


def by_name(row: Row) -> dict[str, Any]:
    """All values of a row that is read at every request: to look at them one by one, each with a
    check of its type, takes as long as the statement itself."""
    return dict(zip(row.keys(), row, strict=True))


def text(row: Row, name: str) -> str:
    value = row[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not text")
    return value


def counts(row: Row, name: str) -> dict[str, int]:
    return cast("dict[str, int]", json.loads(text(row, name)))


def optional_text(row: Row, name: str) -> str | None:
    return None if row[name] is None else text(row, name)


def integer(row: Row, name: str) -> int:
    value = row[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is not an integer")
    return value


def optional_integer(row: Row, name: str) -> int | None:
    return None if row[name] is None else integer(row, name)


def binary(row: Row, name: str) -> bytes:
    value = row[name]
    if not isinstance(value, bytes):
        raise TypeError(f"{name} is not binary")
    return value


def optional_binary(row: Row, name: str) -> bytes | None:
    return None if row[name] is None else binary(row, name)


def stored_scope(names: str) -> frozenset[str]:
    """Of a column: what is in it has been checked on its way in."""
    return frozenset(names.split())


def scope_value(names: frozenset[str]) -> str:
    return format_scope(names)


def claims(row: Row, name: str = "claims") -> Claims | None:
    return stored_claims(optional_text(row, name))


def stored_claims(text: str | None) -> Claims | None:
    # What we wrote stands alone in its column, so that json.loads would look for more in vain.
    return None if text is None else cast("Claims", _decoder.raw_decode(text)[0])


def claims_value(value: Claims) -> str:
    return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))
